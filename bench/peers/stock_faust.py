"""Faust as it comes, with agents that do nothing: what a message costs before anybody looks at it."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import cast

import faust
from faust.types import StreamT

from bench.stopwatch import Measured, Stopwatch
from events.topics import SOURCE_TOPICS


def drain(bootstrap: str, group: str, events: int, folder: str) -> Measured:
    """Take the first `events` events that come. `folder`: where Faust may keep files."""
    return asyncio.run(_drain(bootstrap, group, events, folder))


async def _drain(bootstrap: str, group: str, events: int, folder: str) -> Measured:
    stopwatch = Stopwatch()
    done = asyncio.Event()
    taken = count(1)

    async def nothing(stream: StreamT[bytes]) -> None:
        async for _ in cast(AsyncIterator[bytes], stream):
            stopwatch.begin()
            if next(taken) == events:
                stopwatch.end(events)
                done.set()

    app = faust.App(
        group,
        broker=f"kafka://{bootstrap}",
        consumer_auto_offset_reset="earliest",
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        autodiscover=False,
        datadir=folder,
    )
    for topic in SOURCE_TOPICS:
        app.agent(app.topic(topic, value_serializer="raw"), name=f"nothing.{topic}")(nothing)
    await app.start()
    try:
        await done.wait()
        return stopwatch.measured()
    finally:
        await app.stop()
