import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.catalog import EmailOpened, EventData
from events.event import Event
from events.log.port import Acknowledge, LogError, LogUnavailable
from events.log.record import Appended, NewRecord, Record
from events.log.sqlite import SqliteLog
from events.partitioner import partition_for
from events.publisher import Publisher, PublishError
from events.refusal import Reason, Refusal
from events.topics import EMAIL, TOPICS

NOW = 1_772_445_600_000  # 2026-03-02T10:00:00Z


class UnreliableLog(SqliteLog):
    """Fails every record whose value contains "fail", and never answers for one that contains "silence"."""

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        if b"fail" in (record.value or b""):
            acknowledge(LogUnavailable("the broker is away"))
        elif b"silence" in (record.value or b""):
            self.is_silent = True
        else:
            super().send(record, acknowledge)

    is_silent = False

    def flush(self, timeout: float | None = None) -> None:
        super().flush(timeout)
        if self.is_silent:
            raise LogUnavailable("no answer")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with UnreliableLog(tmp_path / "log.db", 4) as log:
        yield log


@pytest.fixture
def publisher(log: SqliteLog) -> Publisher:
    return Publisher(log, clock=lambda: NOW)


def opened(id: str = "open-1", **changes: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "type": "email.opened",
        "source": "mailer",
        "id": id,
        "time": "2026-03-02T09:00:00.123Z",
        "account": "acme",
        "data": {"contact_id": "c-1", "message_id": "m-1"},
        **changes,
    }


def stored(log: SqliteLog) -> list[Record]:
    return [record for topic in TOPICS for partition in range(4) for record in log.read(topic.name, partition, 0, 1000)]


def test_a_mapping_is_keyed_by_its_contact_and_written_as_it_is(log: SqliteLog, publisher: Publisher) -> None:
    place = publisher.publish(opened(unknown="kept")).result(10)
    partition = partition_for(b"acme/c-1", 4)
    (record,) = stored(log)
    assert (place, record.topic, record.key, record.headers) == (Appended(partition, 0), EMAIL, b"acme/c-1", ())
    assert json.loads(record.value or b"") == opened(unknown="kept")


def test_bytes_are_written_byte_for_byte(log: SqliteLog, publisher: Publisher) -> None:
    value = json.dumps(opened(), indent=3).encode()
    publisher.publish(value).result(10)
    assert [record.value for record in stored(log)] == [value]


def test_an_event_and_the_data_of_one_are_written_alike(log: SqliteLog, publisher: Publisher) -> None:
    data = EmailOpened(contact_id="c-1", message_id="m-1")
    publisher.publish(Event(source="mailer", id="1", time=NOW - 5, account="acme", data=data)).result(10)
    publisher.publish(data, source="mailer", id="1", time=NOW - 5, account="acme").result(10)
    publisher.publish(data, source="mailer", id="1", time=datetime.fromtimestamp((NOW - 5) / 1000, UTC), account="acme").result(10)
    first, second, third = stored(log)
    assert first.value == second.value == third.value
    assert json.loads(first.value or b"")["time"] == "2026-03-02T09:59:59.995Z"


def test_data_without_a_time_happens_now_in_the_default_account(log: SqliteLog, publisher: Publisher) -> None:
    publisher.publish(EmailOpened(contact_id="c-1", message_id="m-1"), source="mailer", id="1").result(10)
    (record,) = stored(log)
    written = json.loads(record.value or b"")
    assert (written["time"], written["account"], record.key) == ("2026-03-02T10:00:00Z", "default", b"default/c-1")


def test_data_needs_what_identifies_the_event(publisher: Publisher) -> None:
    data: EventData = EmailOpened(contact_id="c-1", message_id="m-1")
    with pytest.raises(TypeError, match=r"source=.* and id="):
        publisher.publish(data)
    with pytest.raises(TypeError, match=r"source=.* and id="):
        publisher.publish(data, source="mailer")
    with pytest.raises(TypeError, match="bring their own"):
        publisher.publish(opened(), source="mailer", id="1")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (b"{", Reason.NOT_JSON),
        ({"data": object()}, Reason.NOT_JSON),
        (opened(specversion="0.3"), Reason.NOT_AN_EVENT),
        (opened(type="email.eaten"), Reason.UNKNOWN_TYPE),
        (opened(data={"contact_id": "c-1"}), Reason.INVALID_DATA),
        (opened(time="2026-03-03T10:00:00.001Z"), Reason.TIME_OUT_OF_RANGE),
        (opened(x="x" * 65_536), Reason.TOO_LARGE),
        (Event(source="m", id="1", time=10**18, data=EmailOpened(contact_id="c", message_id="m")), Reason.TIME_OUT_OF_RANGE),
        (Event(source="", id="1", time=NOW, data=EmailOpened(contact_id="c", message_id="m")), Reason.NOT_AN_EVENT),
    ],
)
def test_what_is_refused_is_not_written(
    log: SqliteLog, publisher: Publisher, event: Event | bytes | dict[str, object], reason: Reason
) -> None:
    with pytest.raises(Refusal) as refusal:
        publisher.publish(event)
    assert refusal.value.reason == reason
    publisher.flush()
    assert stored(log) == []


def test_a_time_without_a_zone_is_refused_by_name(publisher: Publisher) -> None:
    with pytest.raises(Refusal, match="time: has no time zone"):
        publisher.publish(EmailOpened(contact_id="c", message_id="m"), source="m", id="1", time=datetime(2026, 3, 2))  # noqa: DTZ001  meant


def test_the_callback_hears_of_every_event_with_its_place_or_its_failure(log: SqliteLog, publisher: Publisher) -> None:
    heard: dict[str, Appended | Exception] = {}
    for id in ("a", "fail-1", "b"):
        publisher.publish(opened(id), lambda event, result: heard.__setitem__(event.id, result))
    with pytest.raises(PublishError):
        publisher.flush()
    partition = partition_for(b"acme/c-1", 4)
    assert (heard["a"], heard["b"]) == (Appended(partition, 0), Appended(partition, 1))
    assert isinstance(heard["fail-1"], LogUnavailable)


def test_a_failed_event_fails_its_future_and_the_flush_which_names_it_once(log: SqliteLog, publisher: Publisher) -> None:
    good, bad = publisher.publish(opened("good")), publisher.publish(opened("fail-7"))
    with pytest.raises(LogUnavailable, match="the broker is away"):
        bad.result(10)
    with pytest.raises(
        PublishError, match=r"1 events were not acknowledged by the log \(email.opened fail-7\): the broker is away"
    ) as error:
        publisher.flush()
    assert (error.value.count, [event.id for event, _ in error.value.failures]) == (1, ["fail-7"])
    assert isinstance(good.result(10), Appended)
    publisher.flush()


def publish_all(log: SqliteLog, *ids: str) -> None:
    with Publisher(log, clock=lambda: NOW) as publisher:
        for id in ids:
            publisher.publish(opened(id))


def test_events_without_an_answer_are_counted_and_named(log: SqliteLog) -> None:
    with pytest.raises(PublishError, match=r"3 events were not acknowledged .*email.opened silence-0.*: no answer"):
        publish_all(log, "silence-0", "silence-1", "good", "silence-2")


def test_many_failures_are_all_counted_and_the_first_hundred_named(publisher: Publisher) -> None:
    for number in range(250):
        publisher.publish(opened(f"fail-{number}"))
    with pytest.raises(PublishError) as error:
        publisher.close()
    assert (error.value.count, [event.id for event, _ in error.value.failures]) == (250, [f"fail-{number}" for number in range(100)])


def test_an_error_in_the_body_is_not_hidden_by_the_unpublished_events(log: SqliteLog) -> None:
    with pytest.raises(Refusal) as error:
        publish_all(log, "fail-1", "")
    assert error.value.__notes__ == ["besides, 1 events were not acknowledged by the log (email.opened fail-1): the broker is away"]


def test_a_log_that_cannot_take_the_event_says_so_at_once_and_nothing_is_left_pending(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.db")
    publisher = Publisher(log, clock=lambda: NOW)
    log.close()
    with pytest.raises(LogError, match="closed"):
        publisher.publish(opened())
    publisher.flush()


def test_the_log_stays_open_for_its_owner(log: SqliteLog) -> None:
    with Publisher(log, clock=lambda: NOW) as publisher:
        publisher.publish(opened("1"))
    with Publisher(log, clock=lambda: NOW) as publisher:
        publisher.publish(opened("2"))
    assert len(stored(log)) == 2


def test_an_erasure_is_followed_by_a_tombstone(log: SqliteLog, publisher: Publisher) -> None:
    publisher.publish(opened(type="contact.erased", data={"contact_id": "c-1"}))
    publisher.flush(10)
    erased, tombstone = stored(log)
    assert json.loads(erased.value or b"")["type"] == "contact.erased"
    assert (tombstone.topic, tombstone.key, tombstone.value, tombstone.offset) == (erased.topic, erased.key, None, erased.offset + 1)
