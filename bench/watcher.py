"""Watches the stored offsets, in a process of its own, and notes when each was first seen."""

import os
import select
import sys
from time import monotonic, sleep

import redis as redis_client

from events.topics import SOURCE_TOPICS
from projections.tables.layout import shard_prefix

_PAUSE = 0.001

Sighting = tuple[float, int, str, int]
"""When (monotonic seconds), partition, topic, stored next offset."""


def watch(redis: str, partitions: int) -> list[Sighting]:
    """Every change of a stored offset until standard input closes; looks about 500 times a second."""
    fields = [f"offset:{topic}" for topic in SOURCE_TOPICS]
    keys = [f"{shard_prefix(1, 0)}partition:{partition}" for partition in range(partitions)]
    sightings: list[Sighting] = []
    known: dict[tuple[int, str], int] = {}
    with redis_client.Redis.from_url(redis) as client:
        while not _released():
            pipeline = client.pipeline(transaction=False)
            for key in keys:
                pipeline.hmget(key, fields)
            answers = pipeline.execute()
            now = monotonic()
            for partition, offsets in enumerate(answers):
                for topic, offset in zip(SOURCE_TOPICS, offsets, strict=True):
                    if int(offset or 0) != known.get((partition, topic), 0):
                        known[partition, topic] = int(offset)
                        sightings.append((now, partition, topic, int(offset)))
            sleep(_PAUSE)
    return sightings


def _released() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], 0)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)
