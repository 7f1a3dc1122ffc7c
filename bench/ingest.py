"""How fast one worker process on one core brings the log into Redis, full meaning, beside its peers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import redis as redis_client
import typer

from bench.comparison import WrongAnswer, dumped, require_equal
from bench.history import PARTITIONS, history, load
from bench.machine import kafka_version, keep_off, machine, redis_version, versions, worker_core
from bench.process import Process
from bench.stopwatch import Measured
from bench.verdict import at_least, console, notes, progress, table
from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.port import Log
from events.log.sqlite import SqliteLog
from projections.tables.embedded_redis import EmbeddedRedis
from streams.settings import WorkerSettings

TALLY, TALLY_SQLITE, LOOP, STOCK = "tally worker", "tally worker, SQLite log", "aiokafka loop by hand", "stock Faust, doing nothing"
GOALS: Final = {LOOP: 0.8, STOCK: 5.0}
_TIMEOUT: Final = 1800.0


class LogName(StrEnum):
    kafka = "kafka"
    sqlite = "sqlite"


@dataclass(slots=True)
class Field:
    """What the contestants have in common: logs with the same `events` in them, and a core for the one whose turn it is.

    `redis`: an empty Redis to use for every run, emptied after each; None starts a Valkey of our own for each.
    """

    folder: Path
    events: int
    stock_events: int
    bootstrap: str | None = None
    sqlite: Path | None = None
    redis: str | None = None
    core: int | None = None
    say: Callable[[str], Any] = lambda _: None
    versions: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        return ([TALLY, LOOP, STOCK] if self.bootstrap else []) + ([TALLY_SQLITE] if self.sqlite else [])


def ingest(
    events: Annotated[int, typer.Option(min=1, help="Events of the simulated company.")] = 500_000,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each contestant, interleaved; the medians count.")] = 3,
    stock_events: Annotated[int, typer.Option(min=1, help="Of these, how many stock Faust gets.")] = 60_000,
    log: Annotated[list[LogName] | None, typer.Option(help="The log; may be given twice. [default: kafka]")] = None,
    redis: Annotated[str | None, typer.Option(help="An empty Redis to use instead of an embedded Valkey.")] = None,
) -> None:
    """One worker process, one core: the log to Redis with full meaning, against a loop written by hand and stock Faust."""
    say, logs, core = progress(), log or [LogName.kafka], worker_core()
    console.print(machine())
    with TemporaryDirectory(prefix="tally-bench-") as name, keep_off(core), ExitStack() as stack:
        folder = Path(name)
        contest = Field(folder, events, min(stock_events, events), redis=redis, core=core, say=say)
        if LogName.kafka in logs:
            say("starting Kafka")
            contest.bootstrap = stack.enter_context(EmbeddedKafka(folder / "kafka")).bootstrap
            with KafkaLog(contest.bootstrap) as kafka:
                kafka.create_topics(PARTITIONS)
                _fill(kafka, contest)
            contest.versions.add(kafka_version())
        if LogName.sqlite in logs:
            contest.sqlite = folder / "log.db"
            with SqliteLog(contest.sqlite, PARTITIONS) as sqlite:
                _fill(sqlite, contest)
        runs = compete(contest, rounds)
    _show(runs, contest, rounds)


def compete(contest: Field, rounds: int) -> dict[str, list[Measured]]:
    """The runs of each contestant. Raises `WrongAnswer` when two of them leave different projections behind."""
    runs: dict[str, list[Measured]] = {name: [] for name in contest.names}
    expected: tuple[str, bytes] | None = None
    for round_number in range(1, rounds + 1):
        for name in contest.names:
            contest.say(f"round {round_number}/{rounds}: {name}")
            with _empty_redis(contest) as url:
                measured = _run(name, contest, f"bench-{round_number}-{contest.names.index(name)}", url)
                wanted = contest.stock_events if name == STOCK else contest.events
                if measured["events"] != wanted:
                    raise WrongAnswer(f"{name} has applied {measured['events']:,} events of {wanted:,}")
                if name != STOCK:
                    found = dumped(url, PARTITIONS)
                    expected = expected or (name, found)
                    require_equal(*expected, name, found)
            runs[name].append(measured)
            contest.say(f"  {measured['events'] / measured['seconds']:,.0f} events/s, {_cpu(measured):.1f} CPU s per 1M")
    return runs


def _fill(log: Log, contest: Field) -> None:
    contest.say(f"writing {contest.events:,} events to {type(log).__name__}")
    load(log, history(contest.events))


def _run(name: str, contest: Field, group: str, url: str) -> Measured:
    arguments: dict[str, Any] = {"group": group}
    if name == STOCK:
        peer = "stock_faust"
        arguments.update(bootstrap=contest.bootstrap, events=contest.stock_events, folder=str(contest.folder))
    elif name == LOOP:
        peer = "aiokafka_loop"
        arguments.update(bootstrap=contest.bootstrap, redis=url)
    else:
        peer = "tally_worker"
        log = f"kafka://{contest.bootstrap}" if name == TALLY else f"sqlite:///{contest.sqlite}"
        arguments.update(log=log, redis=url)
    with Process(f"bench.peers.{peer}:drain", arguments, contest.folder, core=contest.core) as process:
        measured: Measured = process.result(_TIMEOUT)
    return measured


@contextmanager
def _empty_redis(contest: Field) -> Iterator[str]:
    if contest.redis is None:
        with TemporaryDirectory(dir=contest.folder, prefix="redis-") as folder, EmbeddedRedis(folder) as server:
            contest.versions.add(redis_version(server.url))
            yield server.url
        return
    with redis_client.Redis.from_url(contest.redis) as client:
        if client.dbsize():
            raise typer.BadParameter(f"{contest.redis} is not empty; name an empty one, since it is emptied after each run")
        contest.versions.add(redis_version(contest.redis))
        try:
            yield contest.redis
        finally:
            client.flushdb()


def _cpu(measured: Measured) -> float:
    return measured["cpu_seconds"] / measured["events"] * 1e6


def _rate(measured: Measured) -> float:
    return measured["events"] / measured["seconds"]


def _show(runs: dict[str, list[Measured]], contest: Field, rounds: int) -> None:
    shown = table(
        "ingest: one worker process, log to Redis", "contestant", "events", "events/s", "range", "CPU s per 1M", "range", "commits"
    )
    for name, measured in runs.items():
        rates, cpus = [_rate(run) for run in measured], [_cpu(run) for run in measured]
        shown.add_row(
            name,
            f"{measured[0]['events']:,}",
            f"{median(rates):,.0f}",
            _spread(rates, ",.0f"),
            f"{median(cpus):.1f}",
            _spread(cpus, ".1f"),
            "" if name == STOCK else f"{measured[0]['commits']:,}",
        )
    console.print(shown)
    if TALLY in runs:
        for peer, goal in GOALS.items():
            rate = median(map(_rate, runs[TALLY])) / median(map(_rate, runs[peer]))
            cpu = median(map(_cpu, runs[peer])) / median(map(_cpu, runs[TALLY]))
            console.print(f"{TALLY} : {peer} = {at_least(rate, goal)}; by CPU seconds {at_least(cpu, goal)}")
    settings = WorkerSettings()
    where = "not pinned" if contest.core is None else f"pinned to core {contest.core}, broker and Redis on the others"
    notes(
        f"{rounds} interleaved rounds, medians; each worker {where}.",
        f"{PARTITIONS} partitions, {settings.max_batch:,} records in a commit at most.",
        "From the first batch handed to the projector to the last one committed (stock Faust: from the first event to the last), so the",
        "start of the process and joining the group do not count; CPU seconds are those of the whole process between the same moments.",
        "Every run ended in the same canonical dump.",
        machine(),
        versions(*sorted(contest.versions)),
    )


def _spread(figures: Sequence[float], form: str) -> str:
    return f"{min(figures):{form}}-{max(figures):{form}}"
