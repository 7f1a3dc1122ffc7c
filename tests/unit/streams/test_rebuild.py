"""Which generation a rebuild begins or goes on with, and where it ends."""

import pytest

from events.log.record import Record
from events.topics import EMAIL, SOURCE_TOPICS
from projections import generations
from projections.generations import KEY
from projections.tables.memory import MemoryStore
from projections.tables.store import StoreError
from streams import rebuild
from streams.positions import Lane
from streams.until import first_at, read_until
from tests.unit.streams.memory_log import PARTITIONS, MemoryLog

NOW = 1_772_445_600_000


async def store_with_an_active_generation() -> MemoryStore:
    store = MemoryStore()
    await generations.enter(store, PARTITIONS, NOW)
    return store


async def complete(store: MemoryStore, number: int) -> None:
    await store.change([("HSET", KEY, f"{number}:complete", str(NOW))])


async def test_a_rebuild_begins_a_generation_with_the_next_number() -> None:
    store = await store_with_an_active_generation()
    begun = await rebuild.begin(store, PARTITIONS, 1, {Lane(EMAIL, 0): 5})
    assert (begun.number, begun.until) == (2, {"email-events/0": 5})
    assert (await generations.known(store)).active == 1


async def test_one_rebuild_at_a_time() -> None:
    store = await store_with_an_active_generation()
    await rebuild.begin(store, PARTITIONS, 1, {})
    with pytest.raises(StoreError, match=r"generation 2 is not complete yet; .*tally rebuild --resume.*tally drop 2"):
        await rebuild.begin(store, PARTITIONS, 1, {})
    assert (await rebuild.resume(store, PARTITIONS)).number == 2
    await complete(store, 2)
    assert (await rebuild.begin(store, PARTITIONS, 1, {})).number == 3


async def test_numbers_are_never_used_again() -> None:
    store = await store_with_an_active_generation()
    await rebuild.begin(store, PARTITIONS, 1, {})
    await store.change([("HDEL", KEY, "2")])
    assert (await rebuild.begin(store, PARTITIONS, 1, {})).number == 3


async def test_there_must_be_something_to_go_on_with() -> None:
    store = await store_with_an_active_generation()
    with pytest.raises(StoreError, match="no rebuild to go on with"):
        await rebuild.resume(store, PARTITIONS)
    with pytest.raises(StoreError, match="generation 1 is the active one"):
        await rebuild.resume(store, PARTITIONS, 1)
    with pytest.raises(StoreError, match="generation 9 is not there; there are: 1"):
        await rebuild.resume(store, PARTITIONS, 9)


async def test_a_complete_generation_can_be_brought_up_to_date() -> None:
    store = await store_with_an_active_generation()
    await rebuild.begin(store, PARTITIONS, 1, {})
    await complete(store, 2)
    assert (await rebuild.resume(store, PARTITIONS, 2)).number == 2


async def test_another_fold_cannot_go_on() -> None:
    store = await store_with_an_active_generation()
    await store.change([("HSET", KEY, "2", b'{"number":2,"partitions":2,"shards":1,"code_hash":"old","made_at":0}')])
    with pytest.raises(StoreError, match="another version of the fold"):
        await rebuild.resume(store, PARTITIONS)


def stamped(*times: int, skip: int = 0) -> MemoryLog:
    log = MemoryLog()
    log.records[EMAIL, 0] = [Record(EMAIL, 0, skip + offset * (1 + skip), time, b"k", b"v") for offset, time in enumerate(times)]
    return log


@pytest.mark.parametrize(("time", "offset"), [(9, 0), (10, 0), (11, 1), (20, 1), (21, 4), (30, 4), (31, 5)])
def test_the_first_record_at_a_time_is_found_by_its_stamp(time: int, offset: int) -> None:
    assert first_at(stamped(10, 20, 20, 20, 30), Lane(EMAIL, 0), time) == offset


def test_offsets_without_records_do_no_harm() -> None:
    log = stamped(10, 20, 30, skip=1)
    assert [log.read(EMAIL, 0, first_at(log, Lane(EMAIL, 0), time), 1)[0].timestamp for time in (10, 11, 25, 30)] == [10, 20, 30, 30]


def test_an_end_is_a_time_or_offsets() -> None:
    log = stamped(1_000, 2_000, 3_000)
    by_time = read_until("1970-01-01T00:00:02Z", log)
    assert by_time[Lane(EMAIL, 0)] == 1
    assert len(by_time) == PARTITIONS * len(SOURCE_TOPICS)
    assert read_until("email-events/0=2, meeting-events/1=0", log) == {Lane(EMAIL, 0): 2, Lane("meeting-events", 1): 0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is neither a time nor offsets"),
        ("email-events/7=1", "the log has no 'email-events/7'"),
        ("e-mails/0=1", "the log has no 'e-mails/0'"),
        ("email-events/0=-1", "'-1' is no offset"),
        ("email-events/0=", "'' is no offset"),
    ],
)
def test_what_is_no_end_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_until(text, MemoryLog())
