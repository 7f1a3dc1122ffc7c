"""When a drain is done."""

import pytest

from events.topics import EMAIL, MEETING
from projections.tables.memory import MemoryStore
from streams import drain
from streams.drain import Drain
from streams.target import live
from tests.unit.streams.memory_log import MemoryLog


def set_position(store: MemoryStore, topic: str, partition: int, offset: int) -> None:
    store.hashes.setdefault(f"tally:{{1.0}}:partition:{partition}", {})[f"offset:{topic}".encode()] = str(offset).encode()


async def begin(log: MemoryLog, store: MemoryStore) -> Drain:
    return await Drain.begin(log, store, live(store, 2, 1))


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    log.put(EMAIL, 0, 5)
    log.put(MEETING, 1, 2)
    return log


async def test_an_empty_log_is_drained() -> None:
    assert await (await begin(MemoryLog(), MemoryStore())).is_done()


async def test_it_is_done_when_every_partition_has_come_to_the_end_it_had_at_the_start(log: MemoryLog) -> None:
    store = MemoryStore()
    begun = await begin(log, store)
    log.put(EMAIL, 0, 100)  # published later: no part of it
    assert (begun.total, await begun.is_done()) == (7, False)
    set_position(store, EMAIL, 0, 5)
    assert not await begun.is_done()
    set_position(store, MEETING, 1, 2)
    assert await begun.is_done()


async def test_last_offsets_that_hold_no_record_are_not_waited_for(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "_DOUBT_AFTER", 0)
    store = MemoryStore()
    begun = await begin(log, store)
    log.records[MEETING, 1].clear()
    set_position(store, EMAIL, 0, 4)
    set_position(store, MEETING, 1, 0)
    assert not await begun.is_done()
    assert not await begun.is_done()  # a record is left in EMAIL
    set_position(store, EMAIL, 0, 5)
    assert await begun.is_done()
