"""Nothing but reading: all records of the source topics by aiokafka, looked at no further. What a rebuild could reach at most."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.stopwatch import Measured, Stopwatch
from events.topics import SOURCE_TOPICS


def read(bootstrap: str, ends: dict[str, int]) -> Measured:
    """Everything before these offsets (topic/partition -> offset)."""
    return asyncio.run(_read(bootstrap, ends))


async def _read(bootstrap: str, ends: dict[str, int]) -> Measured:
    stopwatch = Stopwatch()
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    try:
        left = {TopicPartition(topic, int(partition)): end for lane, end in ends.items() for topic, _, partition in [lane.rpartition("/")]}
        left = {place: end for place, end in left.items() if end and place.topic in SOURCE_TOPICS}
        consumer.assign(list(left))
        for place in left:
            consumer.seek(place, 0)
        stopwatch.begin()
        while left:
            read = 0
            for place, records in (await consumer.getmany(timeout_ms=1000)).items():
                end = left.get(place, 0)
                read += sum(record.offset < end for record in records)
                if records[-1].offset + 1 >= end:
                    left.pop(place, None)
            stopwatch.end(read)
    finally:
        await consumer.stop()
    return stopwatch.measured()
