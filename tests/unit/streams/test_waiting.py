"""Which of the batches that wait go into one commit."""

import asyncio

from faust.types import TP

from events.log.record import Record
from events.topics import CONTACT, EMAIL, ENROLLMENT
from streams.transport.batches import RecordBatch
from streams.waiting import WaitingBatches


def batch_of(topic: str, start: int, end: int, *, stamped: int = 0, partition: int = 0) -> RecordBatch:
    records = [Record(topic, partition, offset, stamped, b"k", b"v") for offset in range(start, end)]
    return RecordBatch(records, TP(topic, partition), start, epoch=1)


async def waiting(*batches: RecordBatch) -> WaitingBatches:
    waiting = WaitingBatches(4)
    for batch in batches:
        await waiting.put(batch)
    return waiting


def everything(batch: RecordBatch) -> bool:
    return True


async def test_topics_go_together_oldest_first_and_each_in_its_order() -> None:
    first, second = batch_of(EMAIL, 0, 3, stamped=10), batch_of(EMAIL, 3, 6, stamped=30)
    between = batch_of(ENROLLMENT, 0, 3, stamped=20)
    room = await waiting(first, second, between)
    assert room.take(0, 100, everything) == [first, between, second]
    assert room.take(0, 100, everything) == []


async def test_no_more_records_than_a_commit_may_have_but_one_batch_at_least() -> None:
    large, small, other = batch_of(EMAIL, 0, 9, stamped=1), batch_of(CONTACT, 0, 2, stamped=2), batch_of(CONTACT, 2, 4, stamped=3)
    room = await waiting(large, small, other)
    assert [room.take(0, 4, everything) for _ in range(3)] == [[large], [small, other], []]


async def test_partitions_are_apart() -> None:
    one, other = batch_of(EMAIL, 0, 1), batch_of(EMAIL, 0, 1, partition=1)
    room = await waiting(one, other)
    assert (room.take(1, 9, everything), room.take(0, 9, everything)) == ([other], [one])


async def test_what_is_not_usable_is_dropped() -> None:
    stale, good = batch_of(EMAIL, 0, 1), batch_of(EMAIL, 5, 6)
    room = await waiting(stale, good)
    assert room.take(0, 9, lambda batch: batch is not stale) == [good]


async def test_a_lane_that_is_full_lets_the_next_one_in_when_one_was_taken_and_holds_up_no_other() -> None:
    room = WaitingBatches(1)
    first, second, other = batch_of(EMAIL, 0, 1), batch_of(EMAIL, 1, 2), batch_of(CONTACT, 0, 1)
    await room.put(first)
    put = asyncio.create_task(room.put(second))
    await room.put(other)
    assert not put.done()
    assert sorted(batch.tp.topic for batch in room.take(0, 9, everything)) == [CONTACT, EMAIL]
    await put
    assert room.take(0, 9, everything) == [second]


async def test_it_is_known_how_much_waits_and_whether_more_is_on_its_way() -> None:
    room = await waiting(batch_of(EMAIL, 0, 3), batch_of(CONTACT, 0, 2))
    assert (room.records(0), room.has_full(0, 3), room.has_full(0, 4), room.has_full(1, 1)) == (5, True, False, False)
