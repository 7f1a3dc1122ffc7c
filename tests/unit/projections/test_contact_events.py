"""The events of a contact are found once, and read on from there; what is told is what the log has before the offsets asked for."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from cli.demo.company import Company
from events.log.record import Record
from events.topics import CONTACT_KEYED, record_key
from projections import contact_events
from projections.contact_events import ContactEvents
from tests.history_log import HistoryLog
from tests.stories import event

UNTIL = 1_790_000_000_000
ACCOUNT, CONTACT = "default", "c-000012"


class Watched(HistoryLog):
    """Says from where to where it was read."""

    def __init__(self, events: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(events)
        self.reads: list[tuple[str, int, int]] = []

    def read_key(self, topic: str, partition: int, key: bytes, start: int, end: int) -> list[Record]:
        self.reads.append((topic, start, end))
        return [one for one in self.records[topic, partition] if one.key == key and start <= one.offset < end]


@pytest.fixture
def log() -> Watched:
    return Watched(Company(5, 40, until=UNTIL).history())


def place(log: Watched) -> tuple[int, dict[str, int]]:
    """The partition of the contact, and its ends."""
    key = record_key(ACCOUNT, CONTACT)
    partition = next(number for (_, number), records in log.records.items() if any(one.key == key for one in records))
    return partition, {topic: log.end(topic, partition) for topic in CONTACT_KEYED}


def test_what_was_found_is_not_looked_for_again_and_what_came_since_is(log: Watched) -> None:
    partition, ends = place(log)
    reader = ContactEvents()
    found = reader.of(log, ACCOUNT, CONTACT, partition, ends)
    assert len(found) > 10
    log.reads.clear()
    assert reader.of(log, ACCOUNT, CONTACT, partition, ends) == found
    assert log.reads == []
    topic = "enrollment-events"
    names = {"contact_id": CONTACT, "enrollment_id": "e", "sequence_id": "s"}
    log.add(event("enrollment.paused", "09:00", **names))
    later = reader.of(log, ACCOUNT, CONTACT, partition, {**ends, topic: ends[topic] + 1})
    assert log.reads == [(topic, ends[topic], ends[topic] + 1)]
    assert len(later) == len(found) + 1
    assert reader.of(log, ACCOUNT, CONTACT, partition, ends) == found, "as of an older moment it is what it was then"


def test_at_any_offsets_it_is_what_a_reader_finds_that_knows_nothing(log: Watched) -> None:
    partition, ends = place(log)
    reader = ContactEvents()
    for share in (3, 9, 1, 10, 6, 10):
        some = {topic: end * share // 10 for topic, end in ends.items()}
        assert reader.of(log, ACCOUNT, CONTACT, partition, some) == ContactEvents().of(log, ACCOUNT, CONTACT, partition, some)


def test_a_log_that_is_another_one_by_now_is_read_anew(log: Watched) -> None:
    partition, ends = place(log)
    reader = ContactEvents()
    assert reader.of(log, ACCOUNT, CONTACT, partition, ends)
    for lane in log.records:
        log.records[lane] = []
    assert reader.of(log, ACCOUNT, CONTACT, partition, dict.fromkeys(ends, 0)) == []
    assert reader.of(Watched(), ACCOUNT, CONTACT, partition, {}) == []


def test_what_is_known_grows_old(log: Watched) -> None:
    """Compaction takes out what the log may not keep."""
    partition, ends = place(log)
    now = [0.0]
    reader = ContactEvents(lambda: now[0])
    assert "contact.updated" in {one.type for one in reader.of(log, ACCOUNT, CONTACT, partition, ends)}
    log.records["contact-events", partition] = []
    now[0] = contact_events._AGE + 1
    assert "contact.updated" not in {one.type for one in reader.of(log, ACCOUNT, CONTACT, partition, ends)}


def test_what_was_found_before_the_log_went_away_is_not_lost(log: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_events, "_STRETCH", 10)
    partition, ends = place(log)
    reader, read = ContactEvents(), log.read_key

    def failing(*asked: Any) -> list[Record]:
        if len(log.reads) == 3:
            raise ConnectionError
        return read(*asked)

    monkeypatch.setattr(log, "read_key", failing)
    with pytest.raises(ConnectionError):
        reader.of(log, ACCOUNT, CONTACT, partition, ends)
    monkeypatch.setattr(log, "read_key", read)
    begun = list(log.reads)
    found = reader.of(log, ACCOUNT, CONTACT, partition, ends)
    assert len(begun) == 3
    assert not set(begun) & set(log.reads[3:])
    assert found == ContactEvents().of(log, ACCOUNT, CONTACT, partition, ends)


def test_only_the_last_contacts_are_kept(log: Watched) -> None:
    reader = ContactEvents()
    for number in range(contact_events._KEPT + 1):
        reader.of(log, ACCOUNT, f"c-{number}", 0, {})
    assert len(reader._known) == contact_events._KEPT
