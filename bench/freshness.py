"""How soon an event can be read: from handing it to the log, and from the log's acknowledgement, to counters in Redis that include it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Annotated, Final, NamedTuple

import numpy as np
import typer

from bench.history import PARTITIONS, history
from bench.machine import kafka_version, machine, redis_version, versions
from bench.process import Process
from bench.stopwatch import Measured
from bench.verdict import at_most, console, notes, progress, table
from bench.watcher import Sighting
from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.port import Log
from events.log.record import Appended, NewRecord
from events.log.sqlite import SqliteLog
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.layout import shard_prefix
from projections.tables.redis import RedisStore

GOAL: Final = 50.0
_WARM_UP: Final = 3.0
"""Seconds at the beginning that do not count: files, caches and the broker's compiler warm up."""
_PATIENCE: Final = 60.0


class Sent(NamedTuple):
    """One event: when it was handed to the log and when that acknowledged it (monotonic seconds), and its place."""

    handed: float
    acknowledged: float
    topic: str
    place: Appended


class Delays(NamedTuple):
    """Milliseconds of each event until it could be read."""

    from_handed: Sequence[float]
    from_acknowledged: Sequence[float]
    lateness: float
    """How far the producer was behind its timetable at most, in seconds."""
    commits: int
    core: float
    """Share of a core that the worker used."""


def freshness(
    rate: Annotated[int, typer.Option(min=1, help="Events a second.")] = 5_000,
    seconds: Annotated[int, typer.Option(min=1, help="How long.")] = 20,
) -> None:
    """From produced to readable at a steady rate, on Kafka and on the SQLite log."""
    say = progress()
    console.print(machine())
    found: dict[str, Delays] = {}
    with TemporaryDirectory(prefix="tally-bench-") as name:
        folder = Path(name)
        say("starting Kafka")
        with EmbeddedKafka(folder / "kafka") as kafka, KafkaLog(kafka.bootstrap) as log:
            log.create_topics(PARTITIONS)
            say(f"Kafka: {rate:,} events/s for {seconds} s")
            found["Kafka"], server = measure(log, f"kafka://{kafka.bootstrap}", folder, rate, seconds, _WARM_UP)
        with SqliteLog(folder / "log.db", PARTITIONS) as log_file:
            say(f"SQLite: {rate:,} events/s for {seconds} s")
            found["SQLite"], server = measure(log_file, f"sqlite:///{folder / 'log.db'}", folder, rate, seconds, _WARM_UP)
    _show(found, rate, seconds, server)


@contextmanager
def _nothing(_url: str) -> Iterator[None]:
    """What else goes on in the Redis: nothing."""
    yield


def measure(
    log: Log,
    address: str,
    folder: Path,
    rate: int,
    seconds: float,
    warm_up: float,
    *,
    written: int = 0,
    beside: Callable[[str], AbstractContextManager[None]] = _nothing,
) -> tuple[Delays, str]:
    """A worker on the log, an empty Redis, a producer here and a watcher beside; the delays, and the version of the Redis.

    `written`: how many events of the history the log has already; `beside`: what else goes on in the Redis at the url while events come.
    """
    with TemporaryDirectory(dir=folder, prefix="redis-") as redis_folder, EmbeddedRedis(redis_folder) as server:
        working = {"log": address, "redis": server.url, "group": "bench"}
        watching = {"redis": server.url, "partitions": PARTITIONS}
        with (
            Process("bench.peers.tally_worker:work", working, folder) as worker,
            Process("bench.watcher:watch", watching, folder) as watcher,
        ):
            records = list(islice(history(written + rate + int(rate * (warm_up + seconds))), written, None))
            first, _ = _produce(log, records[:rate], rate)
            _wait_until_read(server.url, first, worker)  # now the worker has joined, and the servers are awake
            with beside(server.url):
                began = monotonic()
                sent, lateness = _produce(log, records[rate:], rate)
                _wait_until_read(server.url, sent, worker)
            watcher.release()
            sightings: list[Sighting] = watcher.result(_PATIENCE)
            worker.release()
            measured: Measured = worker.result(_PATIENCE)
        counted = [one for one in sent if one.handed >= began + warm_up]
        return _delays(counted, sightings, lateness, measured), redis_version(server.url)


def _produce(log: Log, records: Sequence[NewRecord], rate: int) -> tuple[list[Sent], float]:
    """Send at a steady rate; returns what was sent, and how far behind the timetable that was at most."""
    sent: list[Sent] = []
    failures: list[Exception] = []

    def acknowledge(handed: float, topic: str, result: Appended | Exception) -> None:
        if isinstance(result, Exception):
            failures.append(result)
        else:
            sent.append(Sent(handed, monotonic(), topic, result))

    lateness = 0.0
    began = monotonic()
    for number, record in enumerate(records):
        early = began + number / rate - monotonic()
        if early > 0:
            sleep(early)
        lateness = max(lateness, -early)
        log.send(record, partial(acknowledge, monotonic(), record.topic))
    log.flush()
    if failures:
        raise failures[0]
    return sent, lateness


def _wait_until_read(url: str, sent: Sequence[Sent], worker: Process) -> None:
    ends: dict[tuple[str, int], int] = {}
    for one in sent:
        lane = one.topic, one.place.partition
        ends[lane] = max(ends.get(lane, 0), one.place.offset + 1)
    deadline = monotonic() + _PATIENCE
    with RedisStore(url) as store:
        questions = [("HGET", f"{shard_prefix(1, 0)}partition:{partition}", f"offset:{topic}") for topic, partition in ends]
        while any(int(stored or 0) < end for stored, end in zip(store.read(questions), ends.values(), strict=True)):
            worker.check()
            if monotonic() > deadline:
                raise TimeoutError(f"the worker has not caught up in {_PATIENCE:g} s")
            sleep(0.05)


def _delays(sent: Sequence[Sent], sightings: Sequence[Sighting], lateness: float, worker: Measured) -> Delays:
    """For each event the first sighting of an offset behind it."""
    times: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    offsets: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for time, partition, topic, offset in sightings:
        times[topic, partition].append(time)
        offsets[topic, partition].append(offset)
    handed, acknowledged = [], []
    for one in sent:
        lane = one.topic, one.place.partition
        seen = times[lane][bisect_right(offsets[lane], one.place.offset)]
        handed.append((seen - one.handed) * 1000)
        acknowledged.append((seen - one.acknowledged) * 1000)
    return Delays(handed, acknowledged, lateness, worker["commits"], worker["cpu_seconds"] / worker["seconds"])


def _show(found: dict[str, Delays], rate: int, seconds: int, server: str) -> None:
    shown = table("freshness: milliseconds until an event can be read", "log", "events", "from", "p50", "p99", "largest")
    for name, delays in found.items():
        for moment, figures in (("handed over", delays.from_handed), ("acknowledged", delays.from_acknowledged)):
            p50, p99, largest = np.percentile(figures, (50, 99, 100))
            shown.add_row(name, f"{len(figures):,}", moment, f"{p50:.1f}", at_most(float(p99), GOAL, "ms"), f"{largest:.1f}")
    console.print(shown)
    for name, delays in found.items():
        console.print(f"{name}: the worker used {delays.core:.0%} of a core and made {delays.commits:,} commits")
    late = ", ".join(f"{delays.lateness * 1000:.0f} ms on {name}" for name, delays in found.items())
    if any(delays.lateness * 1000 > GOAL for delays in found.values()):
        console.print(
            f"[yellow]The producer itself was late by more than {GOAL:g} ms: the machine is too busy, or the rate too high.[/yellow]"
        )
    notes(
        f"{rate:,} events/s for {seconds} s after {_WARM_UP:g} s of warming up; one worker, {PARTITIONS} partitions, nothing pinned.",
        "Producer (which batches for 5 ms on Kafka), worker, servers and a watcher that looks some 500 times a second share the cores.",
        f"The producer was behind its timetable by {late} at most.",
        machine(),
        versions(kafka_version(), server),
    )
