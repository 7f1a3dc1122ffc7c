"""The order of fetches and seeks in the thread that owns the aiokafka consumer."""

from collections.abc import AsyncIterator
from contextlib import nullcontext
from typing import Any

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from events.log.record import Record
from events.topics import EMAIL
from streams.transport.batches import BatchApp, Consumer, Fetched

MAIL = TP(EMAIL, 0)


class Driver:
    """As much of an aiokafka consumer as is asked, with ten records in its one partition."""

    def __init__(self) -> None:
        self._closed = False
        self._fetcher = self
        self._subscriptions = self
        self._next = 0
        self.sought: list[int] = []

    def fetch_context(self) -> Any:
        return nullcontext()

    async def fetched_records(self, partitions: set[TP], **options: Any) -> dict[TopicPartition, list[Record]]:
        records = [Record(EMAIL, 0, offset, 0, b"k", b"v") for offset in range(self._next, 10)]
        self._next = 10
        return {TopicPartition(EMAIL, 0): records} if records else {}

    def seek(self, tp: TP, offset: int) -> None:
        self.sought.append(offset)
        self._next = offset

    async def position(self, tp: TP) -> int:
        return self._next


@pytest.fixture
async def consumer() -> AsyncIterator[Consumer]:
    app = BatchApp("test", broker="batched://127.0.0.1:9092")
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    yield consumer
    consumer._thread.thread_loop.close()  # of a thread that was never started


def order_a_seek(consumer: Consumer, offset: int) -> None:
    """What the event loop does before the thread hears of it."""
    consumer._epoch[MAIL] += 1
    consumer._start[MAIL] = offset


async def fetched(consumer: Consumer, driver: Driver) -> Fetched:
    found: Any = await consumer._thread._fetch_records(driver, {MAIL}, timeout=1.0)
    assert list(found) == [MAIL]
    return Fetched(*found[MAIL])


async def test_what_is_read_before_the_first_seek_is_stale(consumer: Consumer) -> None:
    assert (await fetched(consumer, Driver())).epoch != consumer._epoch[MAIL]


async def test_what_is_read_after_a_seek_was_ordered_and_before_it_is_done_is_stale(consumer: Consumer) -> None:
    driver = Driver()
    order_a_seek(consumer, 5)
    assert (await fetched(consumer, driver)).epoch != consumer._epoch[MAIL]


async def test_what_is_read_as_soon_as_a_seek_is_done_is_not_stale(consumer: Consumer) -> None:
    driver = Driver()
    order_a_seek(consumer, 5)
    await consumer._thread._seek_wait(driver, {MAIL: 5})
    found = await fetched(consumer, driver)
    assert (found.epoch, [record.offset for record in found.records]) == (consumer._epoch[MAIL], [5, 6, 7, 8, 9])


async def test_a_seek_that_was_overtaken_by_a_newer_one_does_not_undo_it(consumer: Consumer) -> None:
    driver = Driver()
    order_a_seek(consumer, 5)
    order_a_seek(consumer, 8)
    await consumer._thread._seek_wait(driver, {MAIL: 8})
    await consumer._thread._seek_wait(driver, {MAIL: 5})
    assert driver.sought == [8]
    assert (await fetched(consumer, driver)).epoch == consumer._epoch[MAIL]


async def test_a_seek_of_a_partition_that_was_revoked_meanwhile_is_left_out(consumer: Consumer) -> None:
    driver = Driver()
    order_a_seek(consumer, 5)
    consumer._start.pop(MAIL)
    await consumer._thread._seek_wait(driver, {MAIL: 5})
    assert driver.sought == []
