"""What a worker measures, as Prometheus reads it."""

import re

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.metrics import Kind, Meters, Metric

_UNITS = ("_seconds", "_records", "_total")
_COUNTS = {"tally_available", "tally_partitions", "tally_generation"}


def scraped(meters: Meters) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, values of the labels in the order of their names) -> number."""
    text = generate_latest(meters.registry).decode()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_metric_has_a_name_by_the_conventions_and_says_what_to_do() -> None:
    names = [metric.described.name for metric in Metric]
    assert len(set(names)) == len(names)
    for metric in Metric:
        told = metric.described
        assert re.fullmatch(r"tally_[a-z_]+", told.name)
        assert told.name.endswith(_UNITS) or told.name in _COUNTS
        assert told.name.endswith("_total") == (told.kind is Kind.COUNTER)
        assert bool(told.bounds) == (told.kind is Kind.HISTOGRAM)
        assert list(told.bounds) == sorted(set(told.bounds))
        assert told.meaning
        assert told.remedy


def test_counters_rise_and_gauges_stand_where_they_were_put() -> None:
    meters = Meters()
    assert scraped(meters)["tally_events_total", ()] == 0
    meters.add(Metric.EVENTS, 3)
    meters.add(Metric.EVENTS, 4)
    meters.add(Metric.QUARANTINED, 2, "not_json")
    meters.put(Metric.LAG, {("email-events", "0"): 5, ("email-events", "1"): 6})
    meters.put(Metric.LAG, {("email-events", "1"): 7})
    found = scraped(meters)
    assert found["tally_events_total", ()] == 7
    assert found["tally_quarantined_total", ("not_json",)] == 2
    assert {labels: number for (name, labels), number in found.items() if name == "tally_lag_records"} == {("1", "email-events"): 7}


def test_a_histogram_counts_what_is_at_most_each_bound() -> None:
    meters = Meters()
    meters.observe(Metric.COMMIT, [0.001, 0.3, 99.0])
    found = scraped(meters)
    bounds = {labels[0]: number for (name, labels), number in found.items() if name == "tally_commit_seconds_bucket"}
    assert (bounds["0.001"], bounds["0.25"], bounds["0.5"], bounds["10.0"], bounds["+Inf"]) == (1, 1, 2, 2, 3)
    assert (found["tally_commit_seconds_count", ()], round(found["tally_commit_seconds_sum", ()], 3)) == (3, 99.301)


def test_two_workers_in_one_process_share_nothing() -> None:
    one, other = Meters(), Meters()
    one.add(Metric.EVENTS, 1)
    assert scraped(other)["tally_events_total", ()] == 0
