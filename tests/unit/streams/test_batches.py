"""From fetched records to batches, over the transport that needs no server."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from events.topics import EMAIL, ENROLLMENT
from streams.transport import sqlite
from streams.transport.batches import BatchApp, RecordBatch
from tests.unit.streams.memory_log import MemoryLog

MAIL = TP(EMAIL, 0)
OTHER = TP(ENROLLMENT, 1)

Shape = tuple[TP, int, list[int], int]


class Stored:
    """Positions as a store would have them."""

    def __init__(self) -> None:
        self.positions: dict[TP, int] = {MAIL: 0, OTHER: 0}

    async def load(self, assigned: set[TP]) -> Mapping[TP, int]:
        return {tp: self.positions[tp] for tp in assigned}


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
async def consumer(log: MemoryLog, stored: Stored, tmp_path: Path) -> sqlite.Consumer:
    """A consumer that holds two partitions, as after its first rebalance."""
    app = BatchApp("test", broker=f"tallylog://{tmp_path}/log.db")
    app.source, app.load_positions, app.max_batch = log, stored.load, 10
    consumer = app.consumer
    assert isinstance(consumer, sqlite.Consumer)
    consumer._assigned = {MAIL, OTHER}
    consumer._set_active_tps({MAIL, OTHER})
    await consumer.perform_seek()
    consumer.resume_flow()
    return consumer


async def fetched(consumer: sqlite.Consumer) -> list[RecordBatch]:
    """What the next fetch delivers."""
    batches: list[RecordBatch] = []
    async for _, message in consumer.getmany(timeout=0.01):
        batch: Any = message.value
        assert isinstance(batch, RecordBatch)
        batches.append(batch)
    return batches


def shapes(batches: list[RecordBatch]) -> list[Shape]:
    return [(batch.tp, batch.start, [record.offset for record in batch], batch.next_offset) for batch in batches]


async def test_a_batch_starts_where_reading_had_to_go_on_and_the_next_one_where_it_ended(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 3)
    assert shapes(await fetched(consumer)) == [(MAIL, 0, [0, 1, 2], 3)]
    log.put(EMAIL, 0, 2)
    assert shapes(await fetched(consumer)) == [(MAIL, 3, [3, 4], 5)]


async def test_a_long_run_is_cut(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 25)
    consumer.app.max_batch = 25
    records = consumer._read({MAIL: 0})[MAIL]
    consumer.app.max_batch = 10
    batches = consumer._cut(MAIL, 1, records)
    assert [(batch.start, batch.next_offset, len(batch)) for batch in batches] == [(0, 10, 10), (10, 20, 10), (20, 25, 5)]


async def test_the_stored_positions_say_where_to_begin(consumer: sqlite.Consumer, log: MemoryLog, stored: Stored) -> None:
    log.put(EMAIL, 0, 5)
    stored.positions[MAIL] = 3
    await consumer.perform_seek()
    assert shapes(await fetched(consumer)) == [(MAIL, 3, [3, 4], 5)]


async def test_positions_that_come_after_those_of_a_later_rebalance_are_of_no_account(
    consumer: sqlite.Consumer, log: MemoryLog, stored: Stored
) -> None:
    log.put(EMAIL, 0, 5)
    loaded, gate = stored.load, asyncio.Event()

    async def load_slowly(assigned: set[TP]) -> Mapping[TP, int]:
        positions = await loaded(assigned)
        await gate.wait()
        return positions

    consumer.app.load_positions = load_slowly
    older = asyncio.create_task(consumer.seek_to_committed())
    await asyncio.sleep(0)
    consumer.app.load_positions = loaded
    stored.positions[MAIL] = 3
    await consumer.perform_seek()
    gate.set()
    await older
    assert shapes(await fetched(consumer)) == [(MAIL, 3, [3, 4], 5)]


async def test_a_gap_shows_as_a_start_before_the_first_record(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 2)
    await fetched(consumer)
    log.put(EMAIL, 0, 1, skip=4)
    assert shapes(await fetched(consumer)) == [(MAIL, 2, [6], 7)]


async def test_a_log_made_anew_shows_as_a_start_before_the_end_of_the_last_batch(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 5)
    records = log.read(EMAIL, 0, 0, 5)
    consumer._start[MAIL] = 90
    assert consumer._cut(MAIL, 1, list(records))[0].start == 0


async def test_each_partition_is_counted_by_itself(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 2)
    log.put(ENROLLMENT, 1, 3)
    assert sorted(shapes(await fetched(consumer))) == [(MAIL, 0, [0, 1], 2), (OTHER, 0, [0, 1, 2], 3)]


async def test_what_was_fetched_before_a_seek_is_stale(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 4)
    log.put(ENROLLMENT, 1, 4)
    mail, other = sorted(await fetched(consumer), key=lambda batch: batch.tp)
    await consumer.seek_all({MAIL: 1})
    assert (consumer.is_stale(mail), consumer.is_stale(other)) == (True, False)
    assert shapes(await fetched(consumer)) == [(MAIL, 1, [1, 2, 3], 4)]


async def test_a_fetch_that_was_under_way_during_a_seek_brings_nothing_and_loses_nothing(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 4)

    def seek_meanwhile() -> None:
        log.reading = lambda: None
        consumer._epoch[MAIL] += 1  # what `seek_all` does, in the middle of the fetch
        consumer._start[MAIL] = consumer._position[MAIL] = 2

    log.reading = seek_meanwhile
    assert shapes(await fetched(consumer)) == []
    assert shapes(await fetched(consumer)) == [(MAIL, 2, [2, 3], 4)]


async def test_batches_delivered_around_a_seek_do_not_hide_those_from_its_target(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 4)
    await fetched(consumer)
    await consumer.seek_all({MAIL: 0})
    # Faust notes a batch as read when it has delivered it, which may be after the seek; it drops whatever is older than that.
    consumer._read_offset[MAIL] = 900
    assert consumer._read_offset[MAIL] is None
    assert shapes(await fetched(consumer)) == [(MAIL, 0, [0, 1, 2, 3], 4)]


async def test_a_partition_that_is_not_held_is_not_sought(consumer: sqlite.Consumer) -> None:
    elsewhere = TP(EMAIL, 1)
    await consumer.seek_all({elsewhere: 5})
    assert elsewhere not in consumer._position


async def test_what_is_read_after_a_revocation_is_stale_until_the_next_seek(
    consumer: sqlite.Consumer, log: MemoryLog, stored: Stored
) -> None:
    log.put(EMAIL, 0, 4)
    (before,) = await fetched(consumer)
    await consumer.on_partitions_revoked({MAIL})
    assert consumer.is_stale(before)
    stored.positions[MAIL] = 2
    await consumer.perform_seek()
    consumer.resume_partitions({MAIL, OTHER})
    consumer.resume_flow()
    assert shapes(await fetched(consumer)) == [(MAIL, 2, [2, 3], 4)]


async def test_only_what_was_applied_is_committed(consumer: sqlite.Consumer, log: MemoryLog) -> None:
    log.put(EMAIL, 0, 15)
    first, *_ = await fetched(consumer)
    (second,) = await fetched(consumer)
    consumer._acked[MAIL] += [first[-1].offset, second[-1].offset]  # Faust acknowledges what an agent was handed, whatever became of it
    assert consumer._new_offset(MAIL) is None
    consumer.mark_applied(first)
    assert consumer._new_offset(MAIL) == 10
    assert consumer._new_offset(MAIL) is None
    assert consumer._acked[MAIL] == []
