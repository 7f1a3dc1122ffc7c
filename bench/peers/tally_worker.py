"""Ourselves: what `tally worker` does, under a stopwatch."""

import asyncio
import sys
from functools import partial

from bench.stopwatch import Measured, Stopwatch, TimedProjector
from events.settings import LogSettings
from projections.settings import RedisSettings
from streams.settings import WorkerSettings
from streams.worker import Worker, collect_rarely, log_to_stderr


def drain(log: str, redis: str, group: str) -> Measured:
    """Apply all that is in the log."""
    return asyncio.run(_work(log, redis, group, drain=True))


def work(log: str, redis: str, group: str) -> Measured:
    """Apply what comes, until standard input closes."""
    return asyncio.run(_work(log, redis, group, drain=False))


async def _work(log: str, redis: str, group: str, *, drain: bool) -> Measured:
    log_to_stderr()
    collect_rarely()
    stopwatch = Stopwatch()
    worker = Worker(
        LogSettings(log=log),
        RedisSettings(redis=redis),
        WorkerSettings(group=group),
        drain=drain,
        projector=partial(TimedProjector, stopwatch),
    )
    if not drain:
        asyncio.get_running_loop().add_reader(sys.stdin, worker.stop)
    await worker.run()
    return stopwatch.measured()
