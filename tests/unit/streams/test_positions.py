"""What the positions say of the log, and the log of the positions."""

import pytest

from events.topics import CONTACT, EMAIL
from projections.generations import Generation
from projections.tables.memory import MemoryStore
from streams.positions import AnotherLog, HoleInLog, Lane, Reached, check_log, reached, stored_positions
from tests.folding import STAMP, Folding
from tests.unit.streams.memory_log import MemoryLog

LANE = Lane(EMAIL, 0)


@pytest.fixture
def log() -> MemoryLog:
    """Five records of one lane, stamped 0."""
    log = MemoryLog()
    log.put(*LANE, 5)
    return log


async def test_how_far_a_lane_is_applied_and_the_stamp_of_the_last_record_are_written_with_the_batch() -> None:
    folding = Folding()
    log = MemoryLog()
    log.put(*LANE, 3)
    log.put(EMAIL, 1, 2)
    generation = Generation(1, 2, 1, "hash", 0)
    for partition in (0, 1):
        stamped = [record._replace(timestamp=STAMP + record.offset) for record in log.records[EMAIL, partition]]
        await folding.feed(EMAIL, partition, stamped)
    found = await reached(folding.store, generation, [0, 1])
    assert (found[LANE], found[Lane(EMAIL, 1)], found[Lane(CONTACT, 0)]) == (Reached(3, STAMP + 2), Reached(2, STAMP + 1), Reached(0))
    assert (await stored_positions(folding.store, generation, [1]))[Lane(EMAIL, 1)] == 2


async def test_nothing_is_known_of_a_store_that_is_empty() -> None:
    found = await reached(MemoryStore(), Generation(1, 1, 1, "hash", 0), [0])
    assert set(found.values()) == {Reached(0)}


async def test_the_record_that_was_applied_last_is_known_again(log: MemoryLog) -> None:
    await check_log(log, {LANE: Reached(5, 0)})
    await check_log(log, {LANE: Reached(3, 0)})


@pytest.mark.parametrize("offset", [1, 3, 5])
async def test_another_record_in_its_place_is_another_log(log: MemoryLog, offset: int) -> None:
    told = r"email-events/0 holds another record at offset \d .*1970-01-01T00:00:00Z and not 1970-01-01T00:00:00.007Z: .*tally rebuild"
    for allowed in (False, True):
        with pytest.raises(AnotherLog, match=told):
            await check_log(log, {LANE: Reached(offset, 7)}, allow_gaps=allowed)


async def test_a_log_that_is_shorter_is_told_by_its_end(log: MemoryLog) -> None:
    with pytest.raises(HoleInLog, match="ends at offset 5, before 6"):
        await check_log(log, {LANE: Reached(6, 7)})


async def test_where_nothing_was_applied_or_nothing_noted_nothing_is_said(log: MemoryLog) -> None:
    await check_log(log, {LANE: Reached(0, None), Lane(EMAIL, 1): Reached(0, 7)})
    await check_log(log, {LANE: Reached(5)})


async def test_a_record_that_compaction_took_says_nothing(log: MemoryLog) -> None:
    del log.records[LANE][2]
    await check_log(log, {LANE: Reached(3, 7)})


async def test_a_record_before_the_begin_of_the_log_says_nothing(log: MemoryLog) -> None:
    log.records[LANE][:3] = []
    log.begins[LANE] = 3
    await check_log(log, {LANE: Reached(3, 7)})
