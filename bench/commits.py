"""Commits at a steady rate while others read, in a process of its own."""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Final, TypedDict

from bench.history import PARTITIONS
from bench.population import Population
from events.log.record import NewRecord, Record
from events.partitioner import partition_for
from events.quarantine.dead_letter import DeadLetter
from projections.tables.redis import RedisWritableStore
from streams.projector import Applied, Batch, Projector

_REST: Final = 0.01
"""Seconds between the commits of a partition, as a worker rests."""
_NEW: Final = 0.07
"""Share of the draws that bring a new enrollment with all its events, which are then about half of all events."""


class Committed(TypedDict):
    events: int
    commits: int
    seconds: float
    new: int
    """Enrollments that were not there before."""


async def refuse(letters: Sequence[DeadLetter]) -> None:
    """A quarantine for events that are all good."""
    raise ValueError(letters[0].detail)


def commit(redis: str, size: int, rate: int, seed: int) -> Committed:
    """New enrollments, and more events of random ones, through a projector until standard input closes."""
    return asyncio.run(_commit(redis, Population(size, seed), rate, Random(seed)))


async def _commit(redis: str, population: Population, rate: int, random: Random) -> Committed:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stopped.set)
    store = RedisWritableStore(redis)
    projector = Projector(store, quarantine=refuse)
    offsets = [await projector.positions(partition) for partition in range(PARTITIONS)]
    done = Committed(events=0, commits=0, seconds=0.0, new=0)
    began = time.monotonic()
    while not stopped.is_set():
        ended = time.monotonic()
        records: list[NewRecord] = []
        while done["events"] + len(records) < rate * (ended - began):
            if random.random() < _NEW:
                records += population.enrollment(population.size + done["new"])
                done["new"] += 1
            else:
                records.append(population.afterthought(random.randrange(population.size), random))
        for batches in _by_partition(records, offsets):
            outcome = await projector.apply(*batches)
            if not isinstance(outcome, Applied):
                raise RuntimeError(f"refused: {outcome.reason}")  # there is no other worker
            done["events"] += outcome.events
            done["commits"] += 1
        await asyncio.sleep(_REST)
    done["seconds"] = time.monotonic() - began
    await store.aclose()
    return done


def _by_partition(records: Sequence[NewRecord], offsets: Sequence[dict[str, int]]) -> list[list[Batch]]:
    """The batches of each partition; `offsets` (for each partition topic -> next) move on."""
    stamp = int(time.time() * 1000)
    lanes: defaultdict[tuple[int, str], list[Record]] = defaultdict(list)
    for record in records:
        partition = partition_for(record.key, PARTITIONS)
        offset = offsets[partition].get(record.topic, 0)
        offsets[partition][record.topic] = offset + 1
        lanes[partition, record.topic].append(Record(record.topic, partition, offset, stamp, record.key, record.value))
    batches: defaultdict[int, list[Batch]] = defaultdict(list)
    for (partition, topic), held in lanes.items():
        batches[partition].append(Batch(topic, partition, held[0].offset, held[-1].offset + 1, held))
    return list(batches.values())
