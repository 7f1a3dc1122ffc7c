"""What a caller may rely on, whichever log is behind the port."""

from collections.abc import Callable
from threading import Thread
from time import time

import pytest

from events.log import scanning, sqlite
from events.log.port import Log, LogError, TopicError
from events.log.record import Appended, Headers, NewRecord
from events.partitioner import partition_for
from events.topics import CONTACT, EMAIL, ENROLLMENT, QUARANTINE, TOPICS
from tests.conftest import PARTITIONS

NAMES = [topic.name for topic in TOPICS]


def key_of(partition: int) -> bytes:
    """Some key that belongs to the partition."""
    return next(key for key in (f"default/c-{number}".encode() for number in range(1000)) if partition_for(key, PARTITIONS) == partition)


def record(value: bytes | None, partition: int = 0, topic: str = EMAIL, headers: Headers = ()) -> NewRecord:
    return NewRecord(topic, key_of(partition), value, headers)


def values(log: Log, partition: int = 0, topic: str = EMAIL) -> list[bytes | None]:
    return [found.value for found in log.read(topic, partition, 0, 100_000)]


def test_an_empty_log_begins_and_ends_at_0_everywhere(log: Log) -> None:
    assert [log.partitions(name) for name in NAMES] == [PARTITIONS] * len(NAMES)
    assert log.ends(NAMES) == {(name, partition): 0 for name in NAMES for partition in range(PARTITIONS)}
    assert (log.begin(EMAIL, 0), log.end(EMAIL, 0), log.read(EMAIL, 0, 0, 10)) == (0, 0, [])


def test_what_was_appended_is_read_back_in_order(log: Log) -> None:
    assert log.append([record(b"a"), record(b"b"), record(b"c")]) == [Appended(0, 0), Appended(0, 1), Appended(0, 2)]
    assert log.append([record(b"d")]) == [Appended(0, 3)]
    found = log.read(EMAIL, 0, 0, 10)
    assert [(each.topic, each.partition, each.offset, each.key, each.value, each.headers) for each in found] == [
        (EMAIL, 0, offset, key_of(0), value, ()) for offset, value in enumerate([b"a", b"b", b"c", b"d"])
    ]
    assert (log.begin(EMAIL, 0), log.end(EMAIL, 0)) == (0, 4)


def test_places_come_in_the_order_of_the_records_whatever_their_partitions(log: Log) -> None:
    records = [record(b"%d" % number, partition=number % PARTITIONS, topic=[EMAIL, ENROLLMENT][number % 2]) for number in range(40)]
    places = log.append(records)
    assert [place.partition for place in places] == [number % PARTITIONS for number in range(40)]
    assert [log.read(each.topic, place.partition, place.offset, 1)[0].value for each, place in zip(records, places, strict=True)] == [
        each.value for each in records
    ]


def test_appending_nothing_is_no_error(log: Log) -> None:
    assert log.append([]) == []


def test_topics_are_apart(log: Log) -> None:
    log.append([record(b"email"), record(b"contact", topic=CONTACT)])
    assert (values(log), values(log, topic=CONTACT), values(log, topic=ENROLLMENT)) == ([b"email"], [b"contact"], [])


def test_keys_go_to_the_partitions_of_murmur2(log: Log) -> None:
    keys = [f"account-{number % 7}/c-{number}".encode() for number in range(200)] + [b""]
    places = log.append([NewRecord(EMAIL, key, key) for key in keys])
    assert [place.partition for place in places] == [partition_for(key, PARTITIONS) for key in keys]
    assert sorted(found.key or b"" for partition in range(PARTITIONS) for found in log.read(EMAIL, partition, 0, 1000)) == sorted(keys)


@pytest.mark.parametrize("value", [None, b"", b"x", b"\x00\xff", b"x" * 65_536])
@pytest.mark.parametrize("headers", [(), (("reason", b"not_json"), ("reason", b""), ("ce_id", "ä".encode()))])
def test_values_and_headers_come_back_as_they_were(log: Log, value: bytes | None, headers: Headers) -> None:
    log.append([record(value, headers=headers)])
    assert [(found.value, found.headers) for found in log.read(EMAIL, 0, 0, 10)] == [(value, headers)]


def test_absent_and_empty_keys_come_back_as_they_were(log: Log) -> None:
    places = log.append([NewRecord(QUARANTINE, None, b"x"), NewRecord(QUARANTINE, b"", b"x"), NewRecord(QUARANTINE, None, None)])
    found = [log.read(QUARANTINE, place.partition, place.offset, 1)[0] for place in places]
    assert [(each.key, each.value) for each in found] == [(None, b"x"), (b"", b"x"), (None, None)]
    assert [place.partition for place in places] == [0, partition_for(b"", PARTITIONS), 0]


def test_a_record_larger_than_an_event_may_be_is_kept_too(log: Log) -> None:
    """What upstream wrote past the publisher has to fit into the quarantine with its headers."""
    value = b"x" * 900_000
    log.append([record(value, topic=QUARANTINE, headers=(("reason", b"too_large"),))])
    assert values(log, topic=QUARANTINE) == [value]


def test_read_takes_an_offset_and_a_limit(log: Log) -> None:
    log.append([record(b"%d" % number) for number in range(50)])
    assert [found.offset for found in log.read(EMAIL, 0, 10, 5)] == [10, 11, 12, 13, 14]
    assert [found.offset for found in log.read(EMAIL, 0, 15, 5)] == [15, 16, 17, 18, 19]
    assert [found.offset for found in log.read(EMAIL, 0, 3, 2)] == [3, 4]
    assert [found.offset for found in log.read(EMAIL, 0, 47, 100)] == [47, 48, 49]
    assert [log.read(EMAIL, 0, 50, 5), log.read(EMAIL, 0, 5000, 5), log.read(EMAIL, 0, 0, 0)] == [[], [], []]


def test_the_records_of_a_key_are_found_among_others(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_AT_ONCE", 7)
    monkeypatch.setattr(sqlite, "_STRETCH", 7)
    one, other = key_of(0), key_of(0) + b"/"
    records = [NewRecord(QUARANTINE, [one, other, None][number % 3], b"%d" % number, (("number", b"1"),)) for number in range(60)]
    places = log.append(records)
    partition = partition_for(one, PARTITIONS)
    ends = log.end(QUARANTINE, partition)
    found = log.read_key(QUARANTINE, partition, one, 0, ends)
    assert [(each.value, each.headers) for each in found] == [(b"%d" % number, (("number", b"1"),)) for number in range(0, 60, 3)]
    offsets = [place.offset for place in places[::3]]
    assert [each.offset for each in found] == offsets
    part = log.read_key(QUARANTINE, partition, one, offsets[4] + 1, offsets[9])
    assert [each.offset for each in part] == offsets[5:9]
    assert log.read_key(QUARANTINE, partition, b"nobody", 0, ends) == []
    assert log.read_key(QUARANTINE, partition, one, ends, ends + 5) == []


def test_what_is_appended_after_the_end_was_read_is_read_next(log: Log) -> None:
    log.append([record(b"a")])
    assert (values(log), log.read(EMAIL, 0, 1, 10)) == ([b"a"], [])
    log.append([record(b"b")])
    assert [found.value for found in log.read(EMAIL, 0, 1, 10)] == [b"b"]


def test_the_log_stamps_records_with_its_own_time_which_never_goes_back(log: Log) -> None:
    before = int(time() * 1000)
    for number in range(5):
        log.append([record(b"%d" % number)])
    stamps = [found.timestamp for found in log.read(EMAIL, 0, 0, 10)]
    assert stamps == sorted(stamps)
    assert before - 1 <= stamps[0] <= stamps[-1] <= int(time() * 1000) + 1


def test_send_tells_every_sender_where_its_record_is(log: Log) -> None:
    results: dict[int, Appended | Exception] = {}

    def note(number: int) -> Callable[[Appended | Exception], None]:
        return lambda result: results.__setitem__(number, result)

    for number in range(500):
        log.send(record(b"%d" % number, partition=number % PARTITIONS), note(number))
    log.flush(30)
    assert sorted(results) == list(range(500))
    for number, place in results.items():
        assert isinstance(place, Appended)
        assert log.read(EMAIL, place.partition, place.offset, 1)[0].value == b"%d" % number


def test_a_callback_that_raises_harms_no_other_record(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    def fail(result: Appended | Exception) -> None:
        raise RuntimeError("from the callback")

    log.send(record(b"a"), fail)
    log.flush(30)
    assert log.append([record(b"b")]) == [Appended(0, 1)]
    assert values(log) == [b"a", b"b"]
    assert "from the callback" in caplog.text


def test_a_callback_may_send(log: Log) -> None:
    results: list[Appended | Exception] = []
    log.send(record(b"first"), lambda _: log.send(record(b"second"), results.append))
    log.flush(30)
    log.flush(30)
    assert (results, values(log)) == ([Appended(0, 1)], [b"first", b"second"])


def test_closing_flushes(open_again: Callable[[], Log]) -> None:
    results: list[Appended | Exception] = []
    log = open_again()
    for number in range(100):
        log.send(record(b"%d" % number), results.append)
    log.close()
    assert results == [Appended(0, number) for number in range(100)]
    log.close()


def test_reopening_keeps_everything(open_again: Callable[[], Log]) -> None:
    log = open_again()
    log.append([record(b"a", headers=(("x", b"y"),)), record(None)])
    before = log.read(EMAIL, 0, 0, 10)
    log.close()
    again = open_again()
    assert (again.read(EMAIL, 0, 0, 10), again.end(EMAIL, 0)) == (before, 2)
    assert again.append([record(b"c")]) == [Appended(0, 2)]


def test_a_closed_log_says_so(log: Log) -> None:
    log.append([record(b"a")])
    log.close()
    with pytest.raises(LogError, match="closed"):
        log.append([record(b"b")])
    with pytest.raises(LogError, match="closed"):
        log.read(EMAIL, 0, 0, 1)


def test_several_writers_lose_nothing_and_keep_each_ones_order(open_again: Callable[[], Log]) -> None:
    writers, each = 4, 300
    errors: list[Exception] = []

    def write(log: Log, writer: int) -> None:
        def note(result: Appended | Exception) -> None:
            if isinstance(result, Exception):
                errors.append(result)

        for number in range(each):
            log.send(record(b"%d-%d" % (writer, number), partition=number % 2), note)
        log.flush(60)

    threads = [Thread(target=write, args=(open_again(), writer)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = open_again()
    assert errors == []
    for partition in (0, 1):
        found = [tuple(map(int, (value or b"").split(b"-"))) for value in values(log, partition)]
        assert list(range(log.end(EMAIL, partition))) == [each.offset for each in log.read(EMAIL, partition, 0, 10_000)]
        for writer in range(writers):
            assert [number for by, number in found if by == writer] == list(range(partition, each, 2))


def test_an_unknown_topic_is_an_error_that_names_it(log: Log) -> None:
    for ask in (
        lambda: log.partitions("no-such-topic"),
        lambda: log.append([NewRecord("no-such-topic", b"k", b"v")]),
        lambda: log.read("no-such-topic", 0, 0, 1),
        lambda: log.end("no-such-topic", 0),
        lambda: log.ends([EMAIL, "no-such-topic"]),
    ):
        with pytest.raises(TopicError, match="no-such-topic"):
            ask()


@pytest.mark.parametrize("partition", [-1, PARTITIONS])
def test_an_unknown_partition_is_an_error_that_names_it(log: Log, partition: int) -> None:
    with pytest.raises(TopicError, match=f"{EMAIL} has no partition {partition}"):
        log.read(EMAIL, partition, 0, 1)
    with pytest.raises(TopicError, match=f"{EMAIL} has no partition {partition}"):
        log.end(EMAIL, partition)


def test_topics_that_are_there_are_not_made_again(log: Log) -> None:
    log.append([record(b"a")])
    assert log.create_topics(PARTITIONS) == []
    assert values(log) == [b"a"]
    log.check_topics()
    log.check_topics(PARTITIONS)


def test_another_number_of_partitions_is_an_error_that_names_both(log: Log) -> None:
    with pytest.raises(TopicError, match=r"4 partitions, not 5") as error:
        log.check_topics(5)
    assert "\n" not in str(error.value)
