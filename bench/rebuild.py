"""How fast a rebuild brings the log into a generation of its own, whether that is linear, and what a live worker feels of it."""

import asyncio
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import Annotated, Final, NamedTuple

import numpy as np
import typer

from bench import freshness as fresh
from bench.comparison import WrongAnswer
from bench.history import PARTITIONS, history, load
from bench.machine import kafka_version, machine, redis_version, versions
from bench.process import Process
from bench.stopwatch import Measured
from bench.verdict import at_least, console, notes, progress, table
from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.port import Log
from events.topics import SOURCE_TOPICS
from projections import takeover
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.redis import RedisStore, RedisWritableStore
from streams import rebuild as room
from streams.drain import Progress
from streams.positions import Lane
from streams.verify import verify

GOAL: Final = 0.8
ALONE, BESIDE = "alone", "beside a rebuild"
_WARM_UP: Final = 5.0
_TIMEOUT: Final = 3600.0


class Rebuilt(NamedTuple):
    """One rebuild. `seconds` from the first records applied to the last, `whole` with the start of the processes; `cpu_seconds` of them."""

    events: int
    workers: int
    seconds: float
    whole: float
    cpu_seconds: float


def rebuild(
    events: Annotated[list[int] | None, typer.Option(min=1, help="Events of the log, ascending. [default: 100000 300000 1000000]")] = None,
    workers: Annotated[list[int] | None, typer.Option(min=1, help="Processes. [default: 1 2]")] = None,
    rate: Annotated[int, typer.Option(min=1, help="Events a second that a live worker gets meanwhile.")] = 1_000,
    seconds: Annotated[int, typer.Option(min=1, help="For how long.")] = 20,
) -> None:
    """A rebuild from Kafka, by events and by processes, beside a bare read of the log, the live worker, and verify."""
    sizes, say = sorted(events or [100_000, 300_000, 1_000_000]), progress()
    console.print(machine())
    with TemporaryDirectory(prefix="tally-bench-") as name, EmbeddedKafka(Path(name) / "kafka") as kafka, KafkaLog(kafka.bootstrap) as log:
        folder = Path(name)
        log.create_topics(PARTITIONS)
        marks = _fill(log, sizes, say)
        with EmbeddedRedis(folder / "redis") as server:
            environment = {"TALLY_LOG": f"kafka://{kafka.bootstrap}", "TALLY_REDIS": server.url, "TALLY_KAFKA_TIMEOUT": "60"}
            say(f"a live worker projects {sizes[-1]:,} events")
            arguments = {"log": environment["TALLY_LOG"], "redis": server.url, "group": "bench-live"}
            live = _measured("bench.peers.tally_worker:drain", arguments, folder)
            runs = []
            for size in sizes:
                for number in workers or [1, 2]:
                    say(f"rebuilding {size:,} events, {number} processes")
                    runs.append(asyncio.run(_rebuild(server.url, log, environment, marks[size], size, number)))
            say("reading, and nothing else")
            bare = _measured("bench.peers.bare_read:read", {"bootstrap": kafka.bootstrap, "ends": marks[sizes[-1]]}, folder)
            say("verifying")
            with RedisStore(server.url, timeout=60) as store:
                verified = verify(store, log)
            if not verified.clean:
                raise WrongAnswer(f"verify has found {len(verified.differences)} differences, the first: {verified.differences[0]}")
            server_version = redis_version(server.url)
    say(f"a live worker gets {rate:,} events/s for {seconds} s, alone and beside rebuilds of {sizes[0]:,} events")
    delays = {name: _freshness(sizes[0], rate, seconds, rebuilding=name == BESIDE) for name in (ALONE, BESIDE)}
    _show(runs, live, bare, verified.events_per_second, server_version)
    _show_freshness(delays, rate, seconds)


def _fill(log: Log, sizes: list[int], say: Callable[[str], object]) -> dict[int, dict[str, int]]:
    """Write the history; size -> where the log ended with so many events."""
    marks: dict[int, dict[str, int]] = {}
    records, written = history(sizes[-1]), 0
    for size in sizes:
        say(f"writing {size - written:,} events to Kafka")
        load(log, islice(records, size - written))
        written = size
        marks[size] = {f"{topic}/{partition}": end for (topic, partition), end in log.ends(SOURCE_TOPICS).items()}
    return marks


def _measured(function: str, arguments: Mapping[str, object], folder: Path) -> Measured:
    with Process(function, arguments, folder) as process:
        measured: Measured = process.result(_TIMEOUT)
    return measured


async def _rebuild(url: str, log: Log, environment: Mapping[str, str], ends: Mapping[str, int], events: int, workers: int) -> Rebuilt:
    """One rebuild up to some offsets, dropped afterwards."""
    store = RedisWritableStore(url, timeout=60)
    until = {Lane(topic, int(partition)): end for lane, end in ends.items() for topic, _, partition in [lane.rpartition("/")]}
    first = last = 0.0
    seen = 0

    def look(told: Progress) -> None:
        nonlocal first, last, seen
        if told.applied > seen:
            first, last, seen = first or monotonic(), monotonic(), told.applied

    before, began = _cpu(), monotonic()
    made = await room.begin(store, PARTITIONS, 1, until)
    complete = await room.run(store, log, made, environment, workers=workers, partitions=range(PARTITIONS), on_progress=look, poll=0.02)
    whole, cpu = monotonic() - began, _cpu() - before
    if not complete or seen != sum(ends.values()):
        raise WrongAnswer(f"a rebuild of {events:,} events came to {seen:,} records of {sum(ends.values()):,}")
    async for _ in takeover.drop(store, made.number):
        pass
    await store.aclose()
    return Rebuilt(events, workers, last - first, whole, cpu)


def _cpu() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _freshness(events: int, rate: int, seconds: int, *, rebuilding: bool) -> fresh.Delays:
    """How soon a live worker shows an event, on a log that has so many already, with or without a rebuild after the other beside it."""
    with TemporaryDirectory(prefix="tally-bench-") as name, EmbeddedKafka(Path(name) / "kafka") as kafka, KafkaLog(kafka.bootstrap) as log:
        log.create_topics(PARTITIONS)
        load(log, history(events))
        address = f"kafka://{kafka.bootstrap}"

        @contextmanager
        def beside(url: str) -> Iterator[None]:
            stop = Event()
            thread = Thread(target=_again_and_again, args=(url, log, {"TALLY_LOG": address, "TALLY_REDIS": url}, stop))
            if rebuilding:
                thread.start()
            try:
                yield
            finally:
                stop.set()
                if rebuilding:
                    thread.join()

        delays, _ = fresh.measure(log, address, Path(name), rate, seconds, _WARM_UP, written=events, beside=beside)
    return delays


def _again_and_again(url: str, log: Log, environment: Mapping[str, str], stop: Event) -> None:
    """One rebuild after the other."""
    while not stop.is_set():
        ends = {f"{topic}/{partition}": end for (topic, partition), end in log.ends(SOURCE_TOPICS).items()}
        asyncio.run(_rebuild(url, log, environment, ends, sum(ends.values()), 1))


def _show(runs: list[Rebuilt], live: Measured, bare: Measured, verified: float, server: str) -> None:
    shown = table("rebuild: Kafka to a generation of its own", "events", "processes", "events/s", "with the start", "CPU s per 1M")
    for run in runs:
        rates = (run.events / run.seconds, run.events / run.whole)
        shown.add_row(f"{run.events:,}", str(run.workers), *(f"{rate:,.0f}" for rate in rates), f"{run.cpu_seconds / run.events * 1e6:.1f}")
    console.print(shown)
    one = [run for run in runs if run.workers == min(run.workers for run in runs)]
    rate, ingest, read = (one[-1].events / one[-1].seconds, live["events"] / live["seconds"], bare["events"] / bare["seconds"])
    console.print(f"a rebuild by one process : the live worker over the same events = {at_least(rate / ingest, GOAL)}")
    console.print(f"a rebuild by one process : a bare read of the same log = {rate / read:.2f} ({read:,.0f} events/s)")
    linear = (one[0].seconds / one[0].events) / (one[-1].seconds / one[-1].events)
    console.print(f"seconds for each event, of {one[0].events:,} : of {one[-1].events:,} = {linear:.2f} (1 is linear)")
    console.print(f"verify: {verified:,.0f} events/s, one process, every table of {one[-1].events:,} events")
    notes(
        "Each process reads a share of the partitions in a group of its own; nothing is pinned, and broker and Redis have the same cores.",
        "From the first records applied to the last; with the start: from the call to its end, imports and connections included.",
        f"The live worker took {ingest:,.0f} events/s. Every rebuild came to the same offsets; verify found the live generation right.",
        machine(),
        versions(kafka_version(), server),
    )


def _show_freshness(delays: Mapping[str, fresh.Delays], rate: int, seconds: int) -> None:
    shown = table("freshness of a live worker: milliseconds from acknowledged to readable", "", "events", "p50", "p99", "largest")
    for name, found in delays.items():
        p50, p99, largest = np.percentile(found.from_acknowledged, (50, 99, 100))
        shown.add_row(name, f"{len(found.from_acknowledged):,}", f"{p50:.1f}", f"{p99:.1f}", f"{largest:.1f}")
    console.print(shown)
    late = ", ".join(f"{found.lateness * 1000:.0f} ms {name}" for name, found in delays.items())
    notes(f"{rate:,} events/s for {seconds} s on Kafka; the producer was behind its timetable by {late} at most.")
