"""The look that a worker takes at itself every few seconds: how far it is, whether it is stuck, and what it tells others."""

import asyncio
import logging
import math
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Final

from events.log.port import Log, LogError
from events.topics import SOURCE_TOPICS
from projections.presence import Presence, leave, publish
from projections.tables.store import StoreError, WritableStore
from streams.health import Health
from streams.ingest import Ingest
from streams.metrics import Meters, Metric
from streams.positions import Lane, near_begin
from streams.settings import WorkerSettings
from streams.threads import in_thread
from streams.watchdog import Stuck, Watchdog

logger = logging.getLogger("tally.worker")

_LOOKS_TO_BE_STUCK: Final = 10
"""At least; so a lane is found stuck at most a tenth of the time after it was."""
_REPORTS_PER_BEGIN: Final = 12
"""The log's begin moves slowly, and to ask for it is a question for each lane."""
_EXPIRES_AFTER: Final = 4
"""Report intervals after which a worker that says nothing counts as gone."""


class Watch:
    """`fail` is called with `Stuck`. `worker_id`: None where no such name was given, and then host and process make one.

    `commit_timeout`: seconds that one commit may take, with the writing of its dead letters.
    """

    def __init__(
        self,
        ingest: Ingest,
        log: Log,
        store: WritableStore,
        settings: WorkerSettings,
        meters: Meters,
        health: Health,
        *,
        worker_id: str | None,
        commit_timeout: float,
        fail: Callable[[Exception], None],
    ) -> None:
        self._ingest = ingest
        self._log = log
        self._store = store
        self._settings = settings
        self._meters = meters
        self._health = health
        self._commit_timeout = commit_timeout
        self._fail = fail
        host = socket.gethostname()
        self._id, self._host = worker_id or f"{host}-{os.getpid()}", host
        self._started_at = _now()
        self._looks_per_report = math.ceil(settings.progress_interval * _LOOKS_TO_BE_STUCK / settings.stuck_after)
        self._interval = settings.progress_interval / self._looks_per_report
        # One look fewer than fit: with it the time would be over.
        self._watchdog = Watchdog(math.floor(settings.stuck_after / self._interval) - 1)
        self._closing = asyncio.Event()
        self._begins: dict[Lane, int] = {}
        self._reported = (0, monotonic())

    async def run(self) -> None:
        """Look until `close`, and take leave then."""
        await self._say_present()
        looks = 0
        while not await self._is_closed_within(self._interval):
            looks += 1
            reports, is_between = divmod(looks, self._looks_per_report)
            if not is_between:
                self._ingest.look_after()
            lag = await self._look(ask_begins=not is_between and reports % _REPORTS_PER_BEGIN == 1)
            if not is_between:
                self._report(lag)
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(self._settings.stop_timeout):
                await leave(self._store, self._id)

    def close(self) -> None:
        """Have `run` come to its end. A cancellation would not always do: the client of Redis may swallow one while it connects."""
        self._closing.set()

    async def _is_closed_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        return self._closing.is_set()

    async def _look(self, *, ask_begins: bool) -> int | None:
        """The lag in records; None while the log does not answer."""
        redis = await self._say_present()
        ends = await self._ends()
        positions = dict(self._ingest.positions)  # last, so that no record counts as waiting that was applied meanwhile
        missing = [name for name, is_there in (("the log", ends is not None), ("Redis", redis)) if not is_there]
        self._health.missing = f"{' and '.join(missing)} cannot be reached" if missing else None if positions else "it has no partitions"
        self._meters.put(Metric.AVAILABLE, {("log",): float(ends is not None), ("redis",): float(redis)})
        self._meters.put(Metric.PARTITIONS, {(): len({lane.partition for lane in positions})})
        self._meters.put(Metric.GENERATION, {(): self._ingest.generation})
        if ends is None:
            self._meters.put(Metric.LAG, {})
            self._watchdog.forgive()
            return None
        lags = {lane: max(0, ends[lane] - offset) for lane, offset in positions.items()}
        self._meters.put(Metric.LAG, {(lane.topic, str(lane.partition)): lag for lane, lag in lags.items()})
        if ask_begins:
            await self._ask_begins(positions, ends)
        margins = {lane: offset - self._begins[lane] for lane, offset in positions.items() if lane in self._begins}
        self._meters.put(Metric.MARGIN, {(lane.topic, str(lane.partition)): margin for lane, margin in margins.items()})
        if redis:
            await self._watch(positions, ends)
        else:
            self._watchdog.forgive()
        return sum(lags.values())

    async def _ends(self) -> Mapping[Lane, int] | None:
        with suppress(LogError, TimeoutError):
            async with asyncio.timeout(self._settings.progress_interval):
                found = await in_thread(partial(self._log.ends, SOURCE_TOPICS))
            return {Lane(*place): end for place, end in found.items()}
        return None

    async def _say_present(self) -> bool:
        """Whether Redis took it."""
        age = None if self._ingest.committed_at is None else monotonic() - self._ingest.committed_at
        presence = Presence(
            self._id,
            self._host,
            os.getpid(),
            self._ingest.generation,
            sorted({lane.partition for lane in self._ingest.positions}),
            self._ingest.applied,
            self._started_at,
            None if age is None else _now() - int(age * 1000),
        )
        with suppress(StoreError, TimeoutError):
            expiry = _EXPIRES_AFTER * self._settings.progress_interval
            async with asyncio.timeout(self._settings.progress_interval):
                await publish(self._store, presence, expiry)
            return True
        return False

    async def _ask_begins(self, positions: Mapping[Lane, int], ends: Mapping[Lane, int]) -> None:
        try:
            self._begins = await in_thread(lambda: {lane: self._log.begin(*lane) for lane in positions})
        except LogError:
            return
        for lane, begin in self._begins.items():
            if told := near_begin(lane, positions[lane], begin, ends[lane]):
                logger.warning("%s", told)

    async def _watch(self, positions: Mapping[Lane, int], ends: Mapping[Lane, int]) -> None:
        goals = {lane: min(ends[lane], self._ingest.until.get(lane, ends[lane])) for lane in positions}
        for lane in positions:
            if 0 < self._ingest.in_hand_for(lane.partition) < self._commit_timeout:
                self._watchdog.forgive(lane)
        waiting = {lane: self._ingest.token(lane) for lane, offset in positions.items() if offset < goals[lane]}
        for lane in self._watchdog.look(waiting):
            if await in_thread(partial(self._holds, lane, positions[lane], goals[lane])):
                self._fail(Stuck(_stuck(lane, positions[lane], self._settings.stuck_after)))
                return
            self._watchdog.forgive(lane)

    def _holds(self, lane: Lane, start: int, end: int) -> bool:
        """Whether there is a record at all: what compaction and transactions leave are offsets without."""
        try:
            return any(record.offset < end for record in self._log.read(*lane, start, 1))
        except LogError:
            return False

    def _report(self, lag: int | None) -> None:
        """A line for people."""
        ingest, now = self._ingest, monotonic()
        (before, then), self._reported = self._reported, (ingest.applied, now)
        logger.info(
            "%s events/s, %s, last commit %s, %d partitions",
            f"{(ingest.applied - before) / (now - then):,.0f}",
            "the log does not answer" if lag is None else f"{lag:,} records behind",
            "none yet" if ingest.committed_at is None else f"{now - ingest.committed_at:.1f} s ago",
            len({lane.partition for lane in ingest.positions}),
        )


def _stuck(lane: Lane, position: int, seconds: float) -> str:
    return (
        f"{lane.topic}/{lane.partition} holds records from offset {position} on, and for {seconds:g} s none was applied though log and "
        "Redis answer: reading has stopped; start the worker again (tally worker): it goes on where it stopped, and nothing is lost"
    )


def _now() -> int:
    return int(time.time() * 1000)
