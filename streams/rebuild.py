"""A rebuild: the log read from its beginning into a generation of its own, by as many processes as asked, beside everything that runs."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

from events.log.port import Log
from projections import generations
from projections.code_hash import code_hash
from projections.generations import KEY, Generation, known
from projections.moments import Moment, reach
from projections.tables.store import StoreError, WritableStore
from streams.drain import Drain, Progress
from streams.positions import Lane
from streams.target import rebuilding

_POLL: Final = 0.2
_LAST_LOOKS: Final = 10


class RebuildFailed(Exception):
    """A process of the rebuild has ended before its work was done; the message is its last line. What is written can be gone on with."""


async def begin(store: WritableStore, partitions: int, shards: int, until: Mapping[Lane, int]) -> Generation:
    """Register a new generation, to be rebuilt up to these offsets; without any it has no end.

    Raises `StoreError` while another rebuild is not complete.
    """
    found = await known(store)
    half_built = _half_built(found)
    if half_built is not None:
        raise StoreError(
            f"generation {half_built.number} is not complete yet; go on with it (tally rebuild --resume) or "
            f"free it (tally drop {half_built.number})"
        )
    # Numbers are never used again, so that what an interrupted drop has left can never be taken for a beginning.
    await store.claim(KEY, "last", str(max(found.generations, default=generations.FIRST)))
    (number,) = await store.change([("HINCRBY", KEY, "last", 1)])
    ends = {f"{lane.topic}/{lane.partition}": offset for lane, offset in until.items()}
    made = Generation(int(number), partitions, shards, code_hash(), int(time.time() * 1000), ends)
    await generations.make_partitions(store, made)
    reach(Moment.REBUILD_BEGINS)
    await generations.register(store, made)
    reach(Moment.REBUILD_BEGUN)
    return made


async def resume(store: WritableStore, partitions: int, number: int | None = None) -> Generation:
    """The generation to go on with: the one whose rebuild is not complete, or `number`, to bring it up to date.

    Raises `StoreError` if there is none, if live workers write it, or if it was begun by another version of the fold.
    """
    found = await known(store)
    chosen = _half_built(found) if number is None else found[number]
    if chosen is None:
        raise StoreError("there is no rebuild to go on with: every generation is complete (tally generations)")
    if chosen.number == found.active:
        raise StoreError(f"generation {chosen.number} is the active one, which live workers write")
    generations.check_made_for(chosen, partitions)
    generations.check_written_by_us(chosen)
    await generations.check_partitions(store, chosen)
    return chosen


def _half_built(found: generations.Known) -> Generation | None:
    done = {found.active, found.previous, *found.complete}
    return next((one for number, one in sorted(found.generations.items(), reverse=True) if number not in done), None)


async def run(
    store: WritableStore,
    log: Log,
    generation: Generation,
    environment: Mapping[str, str],
    *,
    workers: int,
    partitions: Collection[int],
    on_progress: Callable[[Progress], None],
    poll: float = _POLL,
) -> bool:
    """Project the log into a generation, from where it stands to where the log ends now (or to the generation's own end).

    `partitions` are divided among `workers` processes, which get `environment` beside our own; every `poll` seconds they are
    looked at and `on_progress` is told. True if the generation is complete then:
    every partition has come so far. Raises `RebuildFailed`; cancelled, it ends the processes, and the rebuild can be gone on with.
    """
    whole = await rebuilding(store, generation.number, None)
    part = replace(whole, partitions=frozenset(partitions))
    drain = await Drain.begin(log, store, part)
    shares = [sorted(partitions)[number::workers] for number in range(min(workers, len(partitions)))]
    with tempfile.TemporaryDirectory(prefix="tally-rebuild-") as folder:
        processes = [_Process(generation.number, share, environment, Path(folder)) for share in shares]
        try:
            while any(process.is_running for process in processes):
                await asyncio.sleep(poll)
                on_progress(await drain.progress())
                for process in processes:
                    process.check()
            if not await _is_done(drain):
                raise RebuildFailed("the processes were stopped before the end of the log; go on by tally rebuild --resume")
        finally:
            for process in processes:
                process.end()
    on_progress(await drain.progress())
    complete = await _is_done(await Drain.begin(log, store, whole)) if part.partitions != _all(generation) else True
    reach(Moment.REBUILD_ENDS)
    if complete:
        await mark_complete(store, generation)
    return complete


async def mark_complete(store: WritableStore, generation: Generation) -> None:
    """Note that a generation has all that it was to have, so that it may take over."""
    await store.change([("HSET", KEY, f"{generation.number}:complete", str(int(time.time() * 1000)))])


def _all(generation: Generation) -> frozenset[int]:
    return frozenset(range(generation.partitions))


async def _is_done(drain: Drain) -> bool:
    """Whether it is, with the time that it takes to find that the last offsets hold no records."""
    for _ in range(_LAST_LOOKS):
        if await drain.is_done():
            return True
        await asyncio.sleep(_POLL)
    return False


class _Process:
    """One process of the work. It ends when this one does, however that ends: its standard input closes."""

    def __init__(self, generation: int, partitions: Sequence[int], environment: Mapping[str, str], folder: Path) -> None:
        self._log: IO[bytes] = (folder / f"{min(partitions)}.log").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streams.rebuild_worker", str(generation), ",".join(map(str, partitions))],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **environment},
            # Ctrl-C is for the one who is asked to rebuild, who ends the others.
            start_new_session=True,
        )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def check(self) -> None:
        """Raises `RebuildFailed` if it has ended and not well."""
        if self._process.poll():
            self._log.seek(0)
            lines = self._log.read().decode(errors="replace").strip().splitlines()
            raise RebuildFailed(lines[-1] if lines else f"a process ended with {self._process.returncode}")

    def end(self) -> None:
        """Have it stop, if it has not yet, and wait until it has."""
        with suppress(BrokenPipeError):
            self._process.communicate()  # closes its standard input
        self._log.close()
