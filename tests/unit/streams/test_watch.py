"""The look of a worker at itself: who is stuck and who has a reason, what is said, and what others see."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from events.log.port import LogUnavailable
from events.topics import EMAIL, ENROLLMENT, SOURCE_TOPICS
from projections.presence import present
from projections.tables.memory import MemoryStore
from projections.tables.store import Question, StoreUnavailable
from streams.health import Health
from streams.metrics import Meters
from streams.positions import Lane
from streams.settings import WorkerSettings
from streams.watch import Watch
from tests.unit.streams.memory_log import MemoryLog
from tests.unit.streams.test_ingest import Scene, batch_of
from tests.unit.streams.test_metrics import scraped

LOOKS = 10


class Log(MemoryLog):
    away = False
    bare = 0
    """Where every lane ends though it holds no record there."""

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        if self.away:
            raise LogUnavailable("away")
        return {lane: max(end, self.bare) for lane, end in super().ends(topics).items()}


class Store(MemoryStore):
    away = False

    async def change(self, commands: Sequence[Question]) -> list[Any]:
        if self.away:
            raise StoreUnavailable("away")
        return await super().change(commands)


class Room:
    """A worker that holds partition 0, of which `EMAIL` has five records; nobody delivers them unless the test does."""

    def __init__(self, **options: Any) -> None:
        self.scene = Scene(**options)
        self.log, self.store = Log(), Store()
        self.scene.ingest._log, self.scene.ingest._store = self.log, self.store
        self.log.put(EMAIL, 0, 5)
        self.scene.ingest.positions = {Lane(topic, 0): 0 for topic in SOURCE_TOPICS}
        self.meters, self.health = Meters(), Health(30)
        self.failures: list[Exception] = []
        self.watch = Watch(
            self.scene.ingest,
            self.log,
            self.store,
            WorkerSettings(progress_interval=3),
            self.meters,
            self.health,
            worker_id="w-1",
            commit_timeout=60,
            fail=self.failures.append,
        )

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.watch._look(ask_begins=True)


async def test_a_lane_with_records_that_nobody_applies_ends_the_worker_within_its_time() -> None:
    room = Room()
    await room.look(LOOKS - 1)
    assert room.failures == []
    await room.look()
    assert [str(failure).partition(":")[0] for failure in room.failures] == [
        "email-events/0 holds records from offset 0 on, and for 30 s none was applied though log and Redis answer"
    ]
    assert "tally worker" in str(room.failures[0])


async def test_a_lane_that_moves_or_has_nothing_to_do_is_not_stuck() -> None:
    room = Room()
    for _ in range(3 * LOOKS):
        room.log.put(EMAIL, 0, 1)
        room.scene.ingest.positions[Lane(EMAIL, 0)] += 1
        await room.look()
    room.scene.ingest.positions[Lane(EMAIL, 0)] = room.log.end(EMAIL, 0)
    await room.look(3 * LOOKS)
    assert room.failures == []


async def test_while_the_log_or_redis_is_away_nobody_is_stuck() -> None:
    room = Room()
    for away in (room.log, room.store):
        await room.look(LOOKS // 3)
        away.away = True
        await room.look(2)
        assert "cannot be reached" in str(room.health.missing)
        away.away = False
        await room.look(LOOKS // 3)
    assert (room.failures, room.health.missing) == ([], None)


async def test_a_commit_in_hand_is_waited_for() -> None:
    room = Room()
    room.scene.projector.gate.clear()
    await room.scene.ingest.take(batch_of(EMAIL, 0, 0, range(5)))
    await room.scene.projector.begun.wait()
    await room.look(2 * LOOKS)
    assert room.failures == []
    room.watch._commit_timeout = 0
    await room.look(LOOKS)
    assert room.failures
    room.scene.projector.gate.set()
    await room.scene.ingest.settled()


async def test_offsets_that_hold_no_record_are_not_waited_for() -> None:
    room = Room()
    room.scene.ingest.positions[Lane(EMAIL, 0)] = 5
    room.log.bare = 9
    await room.look(3 * LOOKS)
    assert room.failures == []


async def test_a_batch_that_waits_for_older_ones_of_its_partition_is_not_stuck() -> None:
    room = Room()
    ingest = room.scene.ingest
    await ingest._waiting.put(batch_of(EMAIL, 0, 0, range(5)))
    for _ in range(3 * LOOKS):
        ingest._begun[0] += 1
        await room.look()
    assert room.failures == []
    await room.look(LOOKS)
    assert room.failures, "and nobody begins a commit for it"


async def test_a_lane_behind_one_without_room_is_not_stuck_while_that_one_is_worked_at() -> None:
    room = Room(waiting_batches=1)
    ingest = room.scene.ingest
    await ingest._waiting.put(batch_of(EMAIL, 1, 0, range(5)))
    for _ in range(3 * LOOKS):
        ingest._begun[1] += 1
        await room.look()
    assert room.failures == []


async def test_what_a_scrape_sees_is_the_lag_by_the_log_and_none_while_it_is_away() -> None:
    room = Room()
    room.log.put(EMAIL, 0, 100)
    room.log.begins[EMAIL, 0] = 3
    room.scene.ingest.positions[Lane(EMAIL, 0)] = 5
    await room.look()
    found = scraped(room.meters)
    assert found["tally_lag_records", ("0", EMAIL)] == 100
    assert found["tally_lag_records", ("0", ENROLLMENT)] == 0
    assert found["tally_begin_distance_records", ("0", EMAIL)] == 2
    assert (found["tally_available", ("log",)], found["tally_partitions", ()], found["tally_generation", ()]) == (1, 1, 1)
    room.log.away = True
    await room.look()
    found = scraped(room.meters)
    assert ("tally_lag_records", ("0", EMAIL)) not in found
    assert found["tally_available", ("log",)] == 0


async def test_a_position_near_the_begin_of_a_log_that_is_cut_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    room = Room()
    room.log.put(EMAIL, 0, 100)
    for begin, position, warns in ((0, 2, False), (3, 12, True), (3, 14, False), (3, 105, False)):
        caplog.clear()
        room.log.begins[EMAIL, 0] = begin
        room.scene.ingest.positions[Lane(EMAIL, 0)] = position
        await room.look()
        assert ("email-events/0 is applied up to offset" in caplog.text) == warns, (begin, position)


async def test_a_worker_says_that_it_is_there_and_takes_leave() -> None:
    room = Room()
    running = asyncio.create_task(room.watch.run())
    await asyncio.sleep(0.05)
    (one,) = await present(room.store)
    assert (one.id, one.generation, one.partitions, one.applied, one.committed_at) == ("w-1", 1, [0], 0, None)
    room.watch.close()
    await running
    assert await present(room.store) == []
