"""Where the time of the projector goes: the same batches in memory and on a real Redis, by stage and by function."""

import asyncio
import cProfile
import pstats
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from inspect import iscoroutinefunction
from tempfile import TemporaryDirectory
from time import perf_counter, thread_time
from typing import Annotated, Any, Final
from unittest.mock import patch

import typer
from rich.table import Table

from bench.history import batches, history
from bench.machine import keep_off, machine, pin, redis_version, versions, worker_core
from bench.verdict import console, notes, progress, table
from events.quarantine.dead_letter import DeadLetter
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.memory import MemoryStore
from projections.tables.redis import RedisWritableStore
from projections.tables.store import WritableStore
from streams.projector import Applied, Batch, Projector
from streams.settings import WorkerSettings

STAGES: Final = {
    "judge: decode and group": ("streams.projector:_judge",),
    "load: ask for contacts and read their states": ("projections.partition:PartitionState.load_contacts",),
    "unite: event into set of facts": ("projections.account_fold:unite",),
    "view: facts to what is true": ("projections.account_fold:view", "projections.partition:view"),
    "contribution: rows, cells, counters": ("projections.partition:KnownContact.remember",),
    "difference: what has changed": ("projections.account_fold:AccountFold._difference",),
    "encode: states to bytes": ("projections.codec:encode",),
    "spell: counters into keys and fields": ("projections.account_fold:AccountFold._count",),
    "fold: what is between these": ("projections.account_fold:AccountFold.fold",),
    "pack: the commit for the script": ("projections.tables.redis:packed",),
    "store: send the commit, read the answer": (
        "projections.tables.redis:RedisWritableStore.commit",
        "projections.tables.redis:RedisWritableStore.ask",
        "projections.tables.memory:MemoryStore.commit",
        "projections.tables.memory:MemoryStore.ask",
    ),
}
"""Stage -> the functions whose own time, without that of other stages called from them, is the stage's."""
REST: Final = "the rest: locks, tasks, eviction"


class Stages:
    """Adds up the CPU seconds that each stage takes by itself. For one task at a time."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]  # for each stage that is open, the time of those opened from it

    @contextmanager
    def _open(self, stage: str) -> Iterator[None]:
        self._inner.append(0.0)
        began = thread_time()
        try:
            yield
        finally:
            took = thread_time() - began
            self.seconds[stage] += took - self._inner.pop()
            self._inner[-1] += took

    def wrapped(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if iscoroutinefunction(function):

            async def timed_coroutine(*arguments: Any, **options: Any) -> Any:
                with self._open(stage):
                    return await function(*arguments, **options)

            return timed_coroutine

        seconds, inner = self.seconds, self._inner

        def timed(*arguments: Any, **options: Any) -> Any:
            # As `_open`, spelled out: this runs once for each event.
            inner.append(0.0)
            began = thread_time()
            try:
                return function(*arguments, **options)
            finally:
                took = thread_time() - began
                seconds[stage] += took - inner.pop()
                inner[-1] += took

        return timed

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Watch the functions of `STAGES` for the length of the block."""
        with ExitStack() as stack:
            for stage, places in STAGES.items():
                for place in places:
                    module, _, path = place.partition(":")
                    owner: Any = import_module(module)
                    *outer, name = path.split(".")
                    for part in outer:
                        owner = getattr(owner, part)
                    stack.enter_context(patch.object(owner, name, self.wrapped(stage, getattr(owner, name))))
            yield


def profile(
    events: Annotated[int, typer.Option(min=1, help="Events of the simulated company.")] = 200_000,
    top: Annotated[int, typer.Option(min=1, help="Functions to name.")] = 25,
) -> None:
    """Where the projector's time goes: shares of the stages, in memory and on Redis, and the top functions."""
    say, core, largest = progress(), worker_core(), WorkerSettings().max_batch
    console.print(machine())
    say(f"making {events:,} events")
    work = list(batches(history(events), largest))
    with TemporaryDirectory(prefix="tally-bench-") as folder:
        with keep_off(core):
            server = EmbeddedRedis(folder)
        with server:
            seen = versions(redis_version(server.url))
            pin(core)
            columns: dict[str, tuple[float, float, dict[str, float]]] = {}
            for store_name, open_store in (("in memory", MemoryStore), ("on Redis", lambda: RedisWritableStore(server.url))):
                say(f"{store_name}: once as it is, once by stage")
                _, seconds, cpu = asyncio.run(project(work, open_store))
                columns[store_name] = seconds, cpu, asyncio.run(_by_stage(work, open_store, server.url))
            say("in memory: once under cProfile")
            console.print(_stage_table(columns, events))
            console.print(_top_functions(work, top))
    notes(
        f"One process, no log and no Faust; {len(work):,} batches of {largest:,} records at most, one to a commit.",
        "CPU time of the thread. The shares are of a second run with a clock around each stage, which itself costs a few per cent.",
        machine(),
        seen,
    )


async def project(work: Sequence[Batch], open_store: Callable[[], WritableStore]) -> tuple[int, float, float]:
    """Apply the batches to a store; events applied, seconds and CPU seconds."""
    store = open_store()
    projector = Projector(store, quarantine=_raise)
    applied = 0
    began, cpu_began = perf_counter(), thread_time()
    for batch in work:
        outcome = await projector.apply(batch)
        assert isinstance(outcome, Applied), outcome
        applied += outcome.events
    seconds, cpu = perf_counter() - began, thread_time() - cpu_began
    await store.aclose()
    return applied, seconds, cpu


async def _by_stage(work: Sequence[Batch], open_store: Callable[[], WritableStore], url: str) -> dict[str, float]:
    """Stage -> its share."""
    await _empty(url)
    stages = Stages()
    with stages.attached():
        _, _, cpu = await project(work, open_store)
    await _empty(url)
    stages.seconds[REST] = cpu - sum(stages.seconds.values())
    return {stage: spent / cpu for stage, spent in stages.seconds.items()}


async def _empty(url: str) -> None:
    store = RedisWritableStore(url)
    await store.ask([("FLUSHALL",)])
    await store.aclose()


async def _raise(letters: Sequence[DeadLetter]) -> None:
    raise ValueError(letters[0].detail)  # every event of the company is good


def _stage_table(columns: dict[str, tuple[float, float, dict[str, float]]], events: int) -> Table:
    shown = table(
        "profile: CPU time of the projector by stage", "stage", *(f"{what} {name}" for name in columns for what in ("us/event", "share"))
    )
    for stage in (*STAGES, REST):
        shown.add_row(
            stage, *_cells((cpu / events * 1e6 * shares.get(stage, 0), shares.get(stage, 0)) for _, cpu, shares in columns.values())
        )
    shown.add_section()
    shown.add_row("all of it", *_cells((cpu / events * 1e6, 1.0) for _, cpu, _ in columns.values()))
    shown.add_row(
        "not computing: waiting for Redis or for the core", *_cells(((wall - cpu) / events * 1e6, 0.0) for wall, cpu, _ in columns.values())
    )
    return shown


def _cells(figures: Iterable[tuple[float, float]]) -> Iterator[str]:
    for microseconds, share in figures:
        yield from (f"{microseconds:.2f}", f"{share:.0%}" if share else "")


def _top_functions(work: Sequence[Batch], top: int) -> Table:
    profiler = cProfile.Profile()
    run: Coroutine[Any, Any, Any] = project(work, MemoryStore)
    profiler.runcall(asyncio.run, run)
    stats: Any = pstats.Stats(profiler)
    shown = table(
        "profile: functions by their own time, in memory (cProfile favours C and punishes Python)",
        "function",
        "calls",
        "own",
        "with callees",
    )
    ranked = sorted(stats.stats.items(), key=lambda entry: entry[1][2], reverse=True)[:top]
    for (file, line, name), (_, calls, own, cumulative, _) in ranked:
        place = name if file == "~" else f"{'/'.join(file.split('/')[-2:])}:{line} {name}"
        shown.add_row(place.replace("[", "\\["), f"{calls:,}", f"{own / stats.total_tt:.1%}", f"{cumulative / stats.total_tt:.1%}")
    return shown
