"""What a worker writes: the active generation, whichever that is at the time, or one that is being rebuilt."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from projections import generations
from projections.generations import Generation
from projections.tables.store import WritableStore
from streams.positions import Lane

Enter = Callable[[], Awaitable[Generation]]
"""Asks the store which generation is to be written now. Raises `StoreError` when there is none that this worker may write."""


@dataclass(frozen=True, slots=True)
class Target:
    """The generation to write, and how much of the log is to go there."""

    enter: Enter
    partitions: frozenset[int] | None = None
    """The partitions that this worker is to project; None: those that it is given."""
    until: Mapping[Lane, int] = field(default_factory=dict)
    """Where it ends; a lane that is not there has no end."""

    def wants(self, partition: int) -> bool:
        return self.partitions is None or partition in self.partitions


def live(store: WritableStore, partitions: int, shards: int) -> Target:
    """The active generation; in an empty store the first one, made now."""
    return Target(lambda: generations.enter(store, partitions, int(time.time() * 1000), shards))


async def rebuilding(store: WritableStore, number: int, partitions: frozenset[int] | None) -> Target:
    """Generation `number`, which `streams.rebuild` has begun. Raises `StoreError` if it is not there (any more)."""
    generation = await _rebuilt(store, number)
    until = {Lane(topic, int(partition)): end for lane, end in generation.until.items() for topic, _, partition in [lane.rpartition("/")]}
    return Target(partial(_rebuilt, store, number), partitions, until)


async def _rebuilt(store: WritableStore, number: int) -> Generation:
    generation = (await generations.known(store))[number]
    generations.check_written_by_us(generation)
    await generations.check_partitions(store, generation)
    return generation
