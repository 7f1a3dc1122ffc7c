"""A log in memory that holds a history, and generations that are folded from it."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from threading import Thread
from typing import Any, TypeVar

from events.log.port import Log
from events.log.record import Record
from events.topics import CONTACT, SOURCE_TOPICS
from projections import generations
from projections.code_hash import code_hash
from projections.generations import Generation
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.store import WritableStore
from streams.projector import Batch
from tests.folding import PARTITIONS, STAMP, Folding, log_of
from tests.unit.streams.memory_log import MemoryLog

T = TypeVar("T")


class HistoryLog(MemoryLog):
    """The events as a log would hold them, published in this order."""

    def __init__(self, events: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__()
        self.records.update(log_of(events))

    def partitions(self, topic: str) -> int:
        return PARTITIONS

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        return {(topic, partition): self.end(topic, partition) for topic in topics for partition in range(PARTITIONS)}

    def spoil(self, topic: str, partition: int, value: bytes = b"Dear Ada,") -> None:
        """Append a record that cannot be used."""
        self.records[topic, partition].append(Record(topic, partition, self.end(topic, partition), STAMP, b"key", value))

    def add(self, *events: Mapping[str, Any]) -> None:
        """Publish more events."""
        for (topic, partition), records in log_of(events).items():
            at = self.end(topic, partition)
            self.records[topic, partition] += [record._replace(offset=at + place) for place, record in enumerate(records)]

    def compact(self) -> None:
        """Keep of every key of `contact-events` the last record, and of that nothing if it is a tombstone."""
        for partition in range(PARTITIONS):
            last = {record.key: record for record in self.records[CONTACT, partition]}
            end = self.end(CONTACT, partition)
            kept = [one for one in self.records[CONTACT, partition] if last[one.key] is one and (one.value or one.offset == end - 1)]
            self.records[CONTACT, partition] = kept


async def project(
    log: Log, store: WritableStore, number: int = 1, shards: int = 1, random: Random | None = None, share: float = 1.0
) -> Generation:
    """A generation that the real projector has made of the log: in batches and an order drawn from `random`, else each topic in one; and
    of each partition of a topic the first `share`."""
    generation = Generation(number, PARTITIONS, shards, code_hash(), 0)
    await generations.make_partitions(store, generation)
    await store.claim(generations.KEY, "active", str(number))
    await generations.register(store, generation)
    folding = Folding(store, generation=number, shards=shards)
    stored = {partition: await folding.projector.positions(partition) for partition in range(PARTITIONS)}
    at = {(topic, partition): stored[partition].get(topic, 0) for topic in SOURCE_TOPICS for partition in range(PARTITIONS)}
    ends = {lane: int(log.end(*lane) * share) for lane in at}
    while left := sorted(lane for lane, end in ends.items() if at[lane] < end):
        topic, partition = random.choice(left) if random else left[0]
        start, end = at[topic, partition], ends[topic, partition]
        following = random.randint(start + 1, end) if random else end
        records = [record for record in log.read(topic, partition, start, following - start) if record.offset < following]
        await folding.projector.apply(Batch(topic, partition, start, following, records))
        at[topic, partition] = following
    return generation


def projected(log: Log, store: WritableStore, **options: Any) -> Generation:
    """`project` without an event loop."""
    return asyncio.run(project(log, store, **options))


def projected_into_redis(log: Log, url: str, **options: Any) -> None:
    """`projected`, into a Redis."""

    async def write() -> None:
        store = RedisWritableStore(url)
        try:
            await project(log, store, **options)
        finally:
            await store.aclose()

    asyncio.run(write())


def while_projecting(log: Log, url: str, act: Callable[[RedisStore], T]) -> list[T]:
    """What `act` finds again and again while generation 1 is projected in small batches, and once when that is done."""
    writer = Thread(target=projected_into_redis, args=(log, url), kwargs={"random": Random(7)})
    writer.start()
    found = []
    try:
        with RedisStore(url) as store:
            while not store.read([("HGET", generations.KEY, "active"), ("HGET", generations.KEY, "1")])[1]:
                assert writer.is_alive()
            while writer.is_alive():
                found.append(act(store))
            found.append(act(store))
    finally:
        writer.join()
    return found
