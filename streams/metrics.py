"""What a worker measures: every metric with what it means and what to do when it looks wrong, and the numbers behind them.

Numbers are taken in once for each commit or look, never for each event: the worker's event loop adds them up, and whoever scrapes reads.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum, StrEnum
from itertools import accumulate
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

_BRIEF: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LONG: Final = (*_BRIEF[2:], 30.0, 60.0, 300.0, 1800.0, 3600.0, 21_600.0, 86_400.0)
_RECORDS: Final = (1.0, 10.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0, 100_000.0)


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Described(NamedTuple):
    """A metric in words. `remedy`: what to do when it looks wrong. `bounds`: the upper bounds of the buckets of a histogram."""

    name: str
    kind: Kind
    meaning: str
    remedy: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


class Metric(Enum):
    """Every metric of a worker."""

    EVENTS = Described(
        "tally_events_total",
        Kind.COUNTER,
        "Events applied, repetitions included; its rate is the events/s of this worker",
        "At rest while the lag rises: read the worker's last lines; `tally status` says where it stands",
    )
    BATCH = Described(
        "tally_commit_records",
        Kind.HISTOGRAM,
        "Records in one commit",
        "At `TALLY_MAX_BATCH` all the time: the worker is catching up, or one more worker is needed",
        bounds=_RECORDS,
    )
    COMMIT = Described(
        "tally_commit_seconds",
        Kind.HISTOGRAM,
        "From sending a commit to Redis to its answer",
        "Long: look at the load of Redis and the way to it; a smaller `TALLY_MAX_BATCH` keeps readers waiting less",
        bounds=_BRIEF,
    )
    COMMITTED = Described(
        "tally_last_commit_timestamp_seconds",
        Kind.GAUGE,
        "When the last commit was written, in seconds since 1970 UTC; absent before the first",
        "Old while there is lag: as for events at rest",
    )
    LAG = Described(
        "tally_lag_records",
        Kind.GAUGE,
        "Records that the log holds behind the applied offset, by the log's end as of the last look; absent while the log does not answer",
        "Rising: more workers, up to one for each partition; or find out what they wait for",
        ("topic", "partition"),
    )
    MARGIN = Described(
        "tally_begin_distance_records",
        Kind.GAUGE,
        "Records between the log's begin and the applied offset",
        "Falling while there is lag: something deletes what is not applied yet. Run `tally topics check` and mend the retention at once",
        ("topic", "partition"),
    )
    AVAILABLE = Described(
        "tally_available",
        Kind.GAUGE,
        "1 if the log, or Redis, answered at the last look, else 0",
        "At 0: start it again; the worker waits and goes on by itself",
        ("what",),
    )
    REFUSED = Described(
        "tally_refused_commits_total",
        Kind.COUNTER,
        "Commits refused by the fence, because another worker was faster or Redis was set back; nothing of them is written",
        "One or two after a rebalance are normal; many: give all workers of one Redis the same `TALLY_GROUP`",
    )
    QUARANTINED = Described(
        "tally_quarantined_total",
        Kind.COUNTER,
        "Records set aside, by reason",
        "`tally quarantine list` shows them; have the publisher mended, then `tally quarantine redrive`",
        ("reason",),
    )
    CONTACTS = Described(
        "tally_contacts_total",
        Kind.COUNTER,
        "Contacts that commits touched, by where their state was found: `memory`, `redis`, or `nowhere` (they are new)",
        "Mostly `redis` long after the start: a larger `TALLY_CONTACTS_HELD` saves reading, for some memory",
        ("found",),
    )
    FRESHNESS = Described(
        "tally_log_to_visible_seconds",
        Kind.HISTOGRAM,
        "From the log's stamp on the oldest record of a commit to its being readable",
        "Long without lag: see the seconds of a commit; with lag: as for lag",
        bounds=_LONG,
    )
    AGE = Described(
        "tally_event_to_visible_seconds",
        Kind.HISTOGRAM,
        "From an event's own time to its being readable; of up to 20 contacts spread over each commit, the last event of each",
        "Long while the time from the log is short: mailers publish late",
        bounds=_LONG,
    )
    PARTITIONS = Described(
        "tally_partitions",
        Kind.GAUGE,
        "Partition numbers that this worker holds",
        "0 for long: there are more workers than partitions. The sum over the workers is the number of partitions of the log",
    )
    GENERATION = Described(
        "tally_generation",
        Kind.GAUGE,
        "The generation that this worker writes",
        "Different between workers for long: those behind have not committed since the cutover; look at their lines",
    )

    @property
    def described(self) -> Described:
        found: Described = self.value
        return found


Labels = tuple[str, ...]


class _Histogram:
    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.sum = 0.0
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)

    def take(self, numbers: Iterable[float]) -> None:
        for number in numbers:
            self._counts[bisect_left(self._bounds, number)] += 1
            self.sum += number

    def buckets(self) -> list[tuple[str, float]]:
        """Upper bound -> how many observations are at most that."""
        return list(zip([*map(floatToGoString, self._bounds), "+Inf"], accumulate(self._counts), strict=True))


class Meters(Collector):
    """The numbers of one worker. One thread writes, any other may read; nothing is shared between two of these."""

    def __init__(self) -> None:
        self._numbers: dict[Metric, dict[Labels, float]] = {metric: {} for metric in Metric}
        self._histograms = {metric: _Histogram(metric.described.bounds) for metric in Metric if metric.described.bounds}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)
        for metric in Metric:
            if metric.described.kind is Kind.COUNTER and not metric.described.labels:
                self.add(metric, 0)  # a counter is there from the start, or its first step would be no increase

    def add(self, metric: Metric, amount: float, *labels: str) -> None:
        """Let a counter rise."""
        numbers = self._numbers[metric]
        numbers[labels] = numbers.get(labels, 0.0) + amount

    def put(self, metric: Metric, numbers: Mapping[Labels, float]) -> None:
        """Have a gauge stand at these numbers, and at no others."""
        self._numbers[metric] = dict(numbers)

    def observe(self, metric: Metric, numbers: Iterable[float]) -> None:
        """Take observations into a histogram."""
        self._histograms[metric].take(numbers)

    def collect(self) -> Iterator[Family]:
        """What there is now, for `prometheus_client`."""
        for metric in Metric:
            told = metric.described
            if told.kind is Kind.HISTOGRAM:
                found = self._histograms[metric]
                yield HistogramMetricFamily(told.name, told.meaning, found.buckets(), found.sum)
                continue
            family = (CounterMetricFamily if told.kind is Kind.COUNTER else GaugeMetricFamily)(told.name, told.meaning, labels=told.labels)
            for labels, number in dict(self._numbers[metric]).items():
                family.add_metric(labels, number)
            yield family
