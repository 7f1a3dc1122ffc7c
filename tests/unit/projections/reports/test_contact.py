"""One person: found at once, and told from the log up to where the numbers are."""

from typing import Any

import pytest

from events.log.port import Log, LogError, LogUnavailable
from events.log.record import Record
from events.topics import CONTACT, EMAIL
from projections.reports import NotFound, report
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import PARTITIONS, STAMP, folded, log_of
from tests.unit.projections.reports.test_lists import event, opened
from tests.unit.streams.memory_log import MemoryLog

EVENTS = [one for number in range(4) for one in opened(number)]


def log_with(events: list[dict[str, Any]]) -> MemoryLog:
    log = MemoryLog()
    log.records.update(log_of(events))
    return log


def lane_of(log: MemoryLog, contact: str) -> tuple[str, int]:
    """Where the e-mail events of a contact lie."""
    key = f"default/{contact}".encode()
    return next((EMAIL, partition) for partition in range(PARTITIONS) if any(one.key == key for one in log.records[EMAIL, partition]))


def asked(store: MemoryStore, log: Log | None, contact: str = "c-1", **given: list[str]) -> dict[str, Any]:
    return report("contact", Reader(store), account="default", subject=contact, parameters=given, log=log).model_dump()


def test_a_contact_that_no_event_has_named_is_not_found_even_without_a_log() -> None:
    with pytest.raises(NotFound) as raised:
        asked(folded(EVENTS), None, "c-9")
    assert (raised.value.kind, raised.value.id) == ("contact", "c-9")


def test_without_a_log_the_remedy_is_said() -> None:
    with pytest.raises(LogError, match="TALLY_LOG") as raised:
        asked(folded(EVENTS), None)
    assert "\n" not in str(raised.value)


def test_a_log_that_does_not_answer_says_so_itself() -> None:
    class Away(MemoryLog):
        def begin(self, topic: str, partition: int) -> int:
            raise LogUnavailable("it is away; start it")

    with pytest.raises(LogUnavailable, match="start it"):
        asked(folded(EVENTS), Away())


def test_events_that_the_numbers_do_not_contain_yet_are_not_told() -> None:
    later = event(40, "email.clicked", contact_id="c-1", message_id="m-1")
    log = log_with([*EVENTS, later])
    assert [one["type"] for one in asked(folded(EVENTS), log)["events"]] == ["email.sent", "email.opened"]
    assert [one["type"] for one in asked(folded([*EVENTS, later]), log)["events"]] == ["email.sent", "email.opened", "email.clicked"]


def test_what_is_refused_and_what_was_emptied_is_no_event() -> None:
    store = folded([*EVENTS, event(41, "contact.updated", contact_id="c-1", name="Ann")])
    log = log_with(EVENTS)
    lane = lane_of(log, "c-1")
    key = b"default/c-1"
    log.records[lane].insert(0, Record(*lane, 0, STAMP, key, b"{}"))
    log.records[lane] = [record._replace(offset=offset) for offset, record in enumerate(log.records[lane])]
    log.records[CONTACT, lane[1]] = [Record(CONTACT, lane[1], 0, STAMP, key, None)]
    progress = next(fields for name, fields in store.hashes.items() if name.endswith(f"partition:{lane[1]}"))
    progress[f"offset:{EMAIL}".encode()] = str(len(log.records[lane])).encode()
    assert [one["type"] for one in asked(store, log)["events"]] == ["email.sent", "email.opened"]


def test_filters_choose_enrollments_and_not_events() -> None:
    answer = asked(folded(EVENTS), log_with(EVENTS), status=["finished"])
    assert answer["enrollments"] == []
    assert len(answer["events"]) == 2
    assert [row["enrollment_id"] for row in asked(folded(EVENTS), log_with(EVENTS))["enrollments"]] == ["e-1"]


def test_enrollments_that_never_started_come_last_and_when_asked_for() -> None:
    named = {"contact_id": "c-1", "sequence_id": "s-1"}
    events = [*EVENTS, *(event(30 + number, "enrollment.scheduled", **named, enrollment_id=f"a-{number}") for number in (2, 1))]
    store, log = folded(events), log_with(events)
    both = asked(store, log, status=["scheduled", "active"])["enrollments"]
    assert [row["enrollment_id"] for row in both] == ["e-1", "a-1", "a-2"]
    assert [row["started_at"] is None for row in both] == [False, True, True]
