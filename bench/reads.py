"""How soon a question is answered: from counters, and from rows under any filters; at rest and while others commit."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import typer

from bench import questions
from bench.commits import Committed, refuse
from bench.comparison import WrongAnswer
from bench.history import PARTITIONS, batches
from bench.machine import machine, redis_version, versions
from bench.peers.row_loop import RowLoop
from bench.population import ACCOUNT, COMPANIES, SEQUENCES, Population
from bench.process import Process
from bench.questions import Question
from bench.reader_memory import ReaderMemory
from bench.verdict import at_most, console, notes, progress, table
from events.log.record import NewRecord
from projections.reports.registry import REPORTS
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.reader import Reader
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.store import Question as Command
from streams.projector import Applied, Projector

LOOKUP: Final = 1.0
"""Milliseconds that an answer from counters may take beyond the read itself."""
WARM: Final = 20.0
COLD: Final = 300.0
WARM_OF_A_MILLION: Final = 150.0
"""Milliseconds that any filters over 100,000 enrollments may take, and over a million."""
LOOKUPS: Final = "performance, no filter"
FILTERED: Final = "performance and analyze, any filters"
_OTHERS: Final = ("sequences", "steps", "monthly", "trend", "enrollments", "custom")
_WARM_UP: Final = 50
"""Questions of a reader before its calls are timed."""
_PATIENCE: Final = 60.0


class Timed(NamedTuple):
    """Milliseconds of each call: all of it, without what it waited for the store, and of the processor in the reader."""

    whole: list[float]
    own: list[float]
    cpu: list[float]


class Peers(NamedTuple):
    """Milliseconds of a few questions, each asked in three ways."""

    warm: list[float]
    cold: list[float]
    loop: list[float]


class Found(NamedTuple):
    rest: dict[str, Timed]
    commits: dict[str, Timed]
    committed: Committed
    peers: Peers
    memory: ReaderMemory
    server: str


class TimedStore(RedisStore):
    """Adds up how long reading took."""

    seconds = 0.0

    def read(self, asked: Sequence[Command]) -> list[Any]:
        began = perf_counter()
        answers = super().read(asked)
        self.seconds += perf_counter() - began
        return answers


def reads(
    enrollments: Annotated[int, typer.Option(min=1, help="Enrollments in the projection.")] = 100_000,
    calls: Annotated[int, typer.Option(min=1, help="Calls of the first two questions; of the others a tenth.")] = 2_000,
    rate: Annotated[int, typer.Option(min=1, help="Events a second that are committed meanwhile.")] = 5_000,
    seed: Annotated[int | None, typer.Option(help="What the questions are drawn from; printed, so that a run can be repeated.")] = None,
) -> None:
    """Reports without filters and with any, at rest and while another process commits, beside plain Python and beside no cache."""
    say = progress()
    console.print(machine())
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    with TemporaryDirectory(prefix="tally-bench-") as folder:
        found = measure(Path(folder), enrollments, calls, rate, seed, say)
    _show(found, enrollments, rate, seed)


def measure(folder: Path, enrollments: int, calls: int, rate: int, seed: int, say: Callable[[str], Any] = lambda _: None) -> Found:
    """Everything, on a Redis of our own in the folder."""
    with EmbeddedRedis(folder / "redis") as server, TimedStore(server.url) as store:
        population = Population(enrollments)
        events = asyncio.run(project(server.url, population, say))
        say(f"{events:,} events are projected; memory of a reader")
        with Process("bench.reader_memory:measure", {"redis": server.url, "seed": seed}, folder) as process:
            memory: ReaderMemory = process.result(_PATIENCE)
        say("readers that begin with nothing, and loops")
        peers = _peers(store, Random(seed), few=max(3, min(50, 5_000_000 // enrollments, calls)))
        say("reads at rest")
        rest = _ask_all(Reader(store), store, Random(seed), calls)
        say(f"reads while {rate:,} events/s are committed")
        working = {"redis": server.url, "size": enrollments, "rate": rate, "seed": seed}
        reader = Reader(store)
        with Process("bench.commits:commit", working, folder) as committing:
            _wait_for_commits(reader, committing)
            while_committing = _ask_all(reader, store, Random(seed), calls)
            committing.check()
            committing.release()
            committed: Committed = committing.result(_PATIENCE)
        return Found(rest, while_committing, committed, peers, memory, redis_version(server.url))


async def project(url: str, population: Population, say: Callable[[str], Any]) -> int:
    """The whole population through a projector into the empty Redis; how many events that were."""
    store = RedisWritableStore(url)
    projector = Projector(store, quarantine=refuse)
    events = 0

    def records() -> Iterator[NewRecord]:
        for number in range(population.size):
            if number % 100_000 == 0:
                say(f"projecting {number:,} of {population.size:,} enrollments")
            yield from population.enrollment(number)

    for batch in batches(chain(population.definitions(), records()), 4_000):
        outcome = await projector.apply(batch)
        if not isinstance(outcome, Applied):
            raise RuntimeError(f"refused: {outcome.reason}")  # there is no other worker
        events += outcome.events
    await store.aclose()
    return events


def _wait_for_commits(reader: Reader, committing: Process) -> None:
    before = [progress.version for progress in reader.rows(ACCOUNT).reading.progress]
    while any(now.version == then for now, then in zip(reader.read(ACCOUNT).progress, before, strict=True)):
        committing.check()


def _ask_all(reader: Reader, store: TimedStore, random: Random, calls: int) -> dict[str, Timed]:
    """Each kind of question so many times, all of one reader that is warm."""
    for _ in range(_WARM_UP):
        _performance_or_analyze(random).ask(reader)
    found = {
        LOOKUPS: _ask(reader, store, (questions.unfiltered(random) for _ in range(calls))),
        FILTERED: _ask(reader, store, (_performance_or_analyze(random) for _ in range(calls))),
    }
    for name in filter(REPORTS.__contains__, _OTHERS):
        found[f"{name}, any filters"] = _ask(reader, store, (questions.filtered(random, name) for _ in range(max(1, calls // 10))))
    return found


def _performance_or_analyze(random: Random) -> Question:
    return questions.filtered(random, random.choice(("performance", "analyze")))


def _ask(reader: Reader, store: TimedStore, asked: Iterator[Question]) -> Timed:
    timed = Timed([], [], [])
    for question in asked:
        waited, worked, began = store.seconds, thread_time(), perf_counter()
        question.ask(reader)
        whole = perf_counter() - began
        timed.cpu.append((thread_time() - worked) * 1000)
        timed.whole.append(whole * 1000)
        timed.own.append((whole - (store.seconds - waited)) * 1000)
    return timed


def _peers(store: TimedStore, random: Random, few: int) -> Peers:
    """The same questions of a warm reader, of readers that have nothing, and of a loop; the loop only a few times."""
    reader = Reader(store)
    loop = RowLoop(reader.rows(ACCOUNT).table)
    peers = Peers([], [], [])
    for number in range(few):
        question = questions.filtered(random, "analyze")
        question = question._replace(parameters={**question.parameters, "basis": ["contacts"], "opens": ["human"]})
        began = perf_counter()
        answer = question.ask(reader)
        if number:  # the first call makes what all others use
            peers.warm.append((perf_counter() - began) * 1000)
        began = perf_counter()
        question.ask(Reader(store))
        peers.cold.append((perf_counter() - began) * 1000)
        if number < 3:
            began = perf_counter()
            counted = loop.analyze(question.parameters)
            peers.loop.append((perf_counter() - began) * 1000)
            rates = {name: (rate["numerator"], rate["denominator"]) for name, rate in answer["rates"].items()}
            if counted != {"rates": rates, "outcomes": answer["outcomes"], "totals": answer["totals"]}:
                raise WrongAnswer(f"a loop over the rows answers {question} otherwise")
    return peers


def _show(found: Found, enrollments: int, rate: int, seed: int) -> None:
    shown = table(f"reads: milliseconds over {enrollments:,} enrollments", "question", "calls", "p50", "p99", "CPU p50", "p99")
    warm = WARM if enrollments <= 100_000 else WARM_OF_A_MILLION
    for state, asked in (("at rest", found.rest), ("while others commit", found.commits)):
        shown.add_section()
        shown.add_row(f"[bold]{state}[/bold]")
        for name, timed in asked.items():
            whole = _percentiles(timed.whole, warm if name == FILTERED else None)
            shown.add_row(f"  {name}", f"{len(timed.whole):,}", *whole, *_percentiles(timed.cpu, None))
            if name == LOOKUPS:
                shown.add_row("    after the read of Redis", "", *_percentiles(timed.own, LOOKUP))
    shown.add_section()
    cold = COLD if enrollments <= 100_000 else None
    shown.add_row(
        "a reader that has nothing yet: analyze, any filters", f"{len(found.peers.cold):,}", *_percentiles(found.peers.cold, cold)
    )
    console.print(shown)
    beside = table("beside peers: the same questions, milliseconds (p50)", "peer", "calls", "p50", "times as long")
    ours = float(np.median(found.peers.warm))
    for name, figures in (
        ("Tally", found.peers.warm),
        ("all rows from Redis for each question", found.peers.cold),
        ("a loop in plain Python over decoded rows", found.peers.loop),
    ):
        beside.add_row(name, f"{len(figures):,}", f"{np.median(figures):.1f}", f"{np.median(figures) / ours:.1f}")
    console.print(beside)
    memory, committed = found.memory, found.committed
    console.print(
        f"A reader takes {memory['grown'] / memory['rows']:,.0f} bytes for each enrollment: what its process grew by (RSS) over 200 "
        f"questions. Its rows and columns by their sizes: {memory['held'] / memory['rows']:,.0f}."
    )
    console.print(
        f"Meanwhile {committed['events'] / committed['seconds']:,.0f} events/s in {committed['commits'] / committed['seconds']:,.0f} "
        f"commits/s were written, {committed['new']:,} new enrollments among them."
    )
    notes(
        f"Seed {seed}. {SEQUENCES} sequences, {COMPANIES:,} companies, {PARTITIONS} partitions; a fifth of the enrollments are of contacts",
        "who were enrolled before. Filters: one to nine of all, with one to three values each, any basis, any time zone of five.",
        f"Goals are of p99. CPU is what the reader itself worked. Commits: {rate:,} events/s of random contacts, half of them of new",
        "enrollments, by the projector of a worker, which rests 10 ms between the commits of a partition. Reader, that process and Redis",
        "share the cores.",
        machine(),
        versions(found.server),
    )


def _percentiles(figures: Sequence[float], goal: float | None) -> tuple[str, str]:
    p50, p99 = np.percentile(figures, (50, 99))
    return f"{p50:.2f}", f"{p99:.2f}" if goal is None else at_most(float(p99), goal, "ms")
