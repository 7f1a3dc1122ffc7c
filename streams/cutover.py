"""What is asked of a generation before readers and workers are moved to it, and whether workers have followed."""

import asyncio
from time import monotonic
from typing import Final

from events.log.port import Log
from events.topics import SOURCE_TOPICS
from projections.generations import Generation, Known
from projections.tables.store import WritableStore
from streams.positions import Lane, stored_positions
from streams.threads import in_thread

_POLL: Final = 0.1


class NotReady(Exception):
    """The generation may not take over; the message says why, and what to do."""


async def lag(store: WritableStore, log: Log, generation: Generation) -> int:
    """Records of the log that a generation does not have yet."""
    stored = await stored_positions(store, generation, range(generation.partitions))
    ends = await in_thread(lambda: log.ends(SOURCE_TOPICS))
    return sum(max(0, end - stored[Lane(*lane)]) for lane, end in ends.items())


async def check_ready(store: WritableStore, log: Log, known: Known, number: int, most: int) -> int:
    """The lag of generation `number`, in records. Raises `NotReady`, or `StoreError` if it is not there."""
    generation = known[number]
    if number not in known.complete and number not in (known.active, known.previous):
        raise NotReady(f"generation {number} is not complete; go on with its rebuild first (tally rebuild --resume)")
    behind = await lag(store, log, generation)
    if behind > most:
        raise NotReady(
            f"generation {number} is {behind:,} records behind the log, more than {most:,}: bring it up to date first "
            f"(tally rebuild --resume --generation {number}), or allow more (--max-lag)"
        )
    return behind


async def followed(store: WritableStore, log: Log, generation: Generation, patience: float) -> bool:
    """Whether within `patience` seconds workers go on in a generation: it moves, or is where the log ends."""
    ends = await in_thread(lambda: log.ends(SOURCE_TOPICS))
    before = await stored_positions(store, generation, range(generation.partitions))
    deadline = monotonic() + patience
    while True:
        stored = await stored_positions(store, generation, range(generation.partitions))
        if stored != before or all(stored[Lane(*lane)] >= end for lane, end in ends.items()):
            return True
        if monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL)
