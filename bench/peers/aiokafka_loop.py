"""A loop written by hand over aiokafka, around the same projector and commit: what Faust costs is the difference to it."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.stopwatch import Measured, Stopwatch, TimedProjector
from events.log.kafka import KafkaLog
from events.topics import SOURCE_TOPICS
from projections import generations
from projections.tables.redis import RedisWritableStore
from streams.projector import Applied, Batch, Projector
from streams.quarantine import QuarantineWriter
from streams.settings import WorkerSettings
from streams.worker import collect_rarely


def drain(bootstrap: str, redis: str, group: str) -> Measured:
    """Apply all that is in the log."""
    return asyncio.run(_drain(bootstrap, redis, WorkerSettings(group=group)))


async def _drain(bootstrap: str, redis: str, settings: WorkerSettings) -> Measured:
    collect_rarely()
    stopwatch = Stopwatch()
    store = RedisWritableStore(redis)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=settings.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=settings.fetch_bytes,
    )
    await consumer.start()
    try:
        with KafkaLog(bootstrap) as log:
            partitions = log.partitions(SOURCE_TOPICS[0])
            await generations.enter(store, partitions, int(time.time() * 1000))
            projector = TimedProjector(stopwatch, store, quarantine=QuarantineWriter(log), contacts_held=settings.contacts_held)
            await _loop(consumer, projector, partitions, settings)
    finally:
        await consumer.stop()
        await store.aclose()
    return stopwatch.measured()


async def _loop(consumer: Any, projector: Projector, partitions: int, settings: WorkerSettings) -> None:
    positions: dict[TopicPartition, int] = {}
    for partition in range(partitions):
        stored = await projector.positions(partition)
        positions.update({TopicPartition(topic, partition): stored.get(topic, 0) for topic in SOURCE_TOPICS})
    consumer.assign(list(positions))
    for place, offset in positions.items():
        consumer.seek(place, offset)
    ends = await consumer.end_offsets(list(positions))
    committed_at = time.monotonic()

    async def apply(lanes: list[tuple[TopicPartition, list[Any]]]) -> None:
        for batches in _together(lanes, positions, settings.max_batch):
            outcome = await projector.apply(*batches)
            if not isinstance(outcome, Applied):
                raise RuntimeError(f"refused: {outcome.reason}")  # there is no other worker
        positions.update({place: records[-1].offset + 1 for place, records in lanes})

    while any(positions[place] < end for place, end in ends.items()):
        lanes: dict[int, list[tuple[TopicPartition, list[Any]]]] = {}
        for place, records in (await consumer.getmany(timeout_ms=1000)).items():
            lanes.setdefault(place.partition, []).append((place, records))
        # Partitions beside each other, as with Faust's agents: while one waits for Redis, another computes.
        await asyncio.gather(*map(apply, lanes.values()))
        if time.monotonic() - committed_at > settings.commit_interval:
            committed_at = time.monotonic()
            await consumer.commit(dict(positions))


def _together(lanes: list[tuple[TopicPartition, list[Any]]], positions: dict[TopicPartition, int], largest: int) -> Iterator[list[Batch]]:
    """What was fetched of one partition number, in commits of `largest` records at most, topics together as in our own worker."""
    together: list[Batch] = []
    room = largest
    for place, records in lanes:
        start, index = positions[place], 0
        while index < len(records):
            part = records[index : index + room]
            together.append(Batch(place.topic, place.partition, start, part[-1].offset + 1, part))
            start, index, room = part[-1].offset + 1, index + len(part), room - len(part)
            if not room:
                yield together
                together, room = [], largest
    if together:
        yield together
