"""The story of an enrollment: every event that concerns it, what it changed, and why what changed nothing did not count."""

from typing import Any

import pytest
from hypothesis import given

from projections.explain.finding import find_enrollments
from projections.explain.recorded import Recorded, recorded_events
from projections.explain.story import StoryStep, story
from projections.tables.reader import Reader
from tests.folding import PARTITIONS, folded, log_of
from tests.oracle import resolve
from tests.oracle.enrollment import all_enrollments
from tests.oracle.person import state
from tests.strategies.histories import histories
from tests.unit.projections.recorded_log import RecordedLog

RUN = {"sequence_id": "s-1", "enrollment_id": "e-1"}
OTHER = {"sequence_id": "s-1", "enrollment_id": "e-2"}
MESSAGE = {"message_id": "m-1"}


def event(type_: str, hour: float, number: int = 0, /, **data: Any) -> dict[str, Any]:
    minutes = round(hour * 60)
    time = f"2026-03-{2 + minutes // 1440:02d}T{minutes // 60 % 24:02d}:{minutes % 60:02d}:00Z"
    identity = {"specversion": "1.0", "id": f"{type_}-{hour}-{number}", "source": "mailer"}
    return {**identity, "type": type_, "time": time, "data": {"contact_id": "c-1"} | data}


def recorded(events: list[dict[str, Any]], contact_id: str = "c-1") -> list[Recorded]:
    log: Any = RecordedLog(log_of(events))
    ends = {
        partition: {topic: len(log.records[topic, at]) for topic, at in log.records if at == partition} for partition in range(PARTITIONS)
    }
    contacts = {partition: [contact_id] for partition in range(PARTITIONS)}
    return recorded_events(log, "default", contacts, ends, lambda _read, _total: None)[contact_id]


STARTED = event("enrollment.started", 1, **RUN, enrolled_by="u-1")
SENT = event("email.sent", 2, **RUN, **MESSAGE, step_id="st-1")
REPLIED_AT_9 = event("enrollment.unenrolled", 9, **RUN, reason="replied")
MANUAL_AT_9 = event("enrollment.unenrolled", 9, **RUN, reason="manual")


@pytest.mark.parametrize(
    ("before", "told", "note"),
    [
        ([STARTED, SENT], event("email.opened", 3, **MESSAGE), None),
        ([STARTED, SENT], event("email.opened", 3, **MESSAGE, machine=True), "by a machine"),
        ([STARTED, SENT], event("email.clicked", 3, **MESSAGE, machine=True), "by a machine"),
        ([STARTED], event("email.opened", 3, **RUN, **MESSAGE), None),
        ([STARTED, SENT], event("email.replied", 0, **MESSAGE), "waits for its email.sent: before the start"),
        ([STARTED, SENT], event("email.opened", 0, **MESSAGE, machine=True), "waits for its email.sent: by a machine"),
        ([STARTED], event("email.replied", 0, **RUN), "late reply: before the start"),
        ([STARTED, SENT, REPLIED_AT_9], event("email.replied", 34, **MESSAGE), "late reply: more than 24 hours after the end"),
        ([STARTED, SENT, REPLIED_AT_9], event("email.replied", 33, **MESSAGE), None),
        (
            [STARTED, SENT, MANUAL_AT_9],
            event("email.replied", 10, **MESSAGE),
            "late reply: after the end, which was for another reason than replied",
        ),
        ([STARTED, MANUAL_AT_9], event("email.replied", 10), "after the end, which was for another reason than replied"),
        ([STARTED], event("email.auto_replied", 3), "an automatic reply is no reply"),
        ([STARTED, MANUAL_AT_9], event("enrollment.finished", 10, **RUN), "second end"),
        ([STARTED], event("meeting.booked", 3, meeting_id="mt-1", organizer="u-1"), None),
        (
            [STARTED],
            event("meeting.booked", 3, meeting_id="mt-1", organizer="u-2"),
            "it names no enrollment, and its organizer is not who enrolled",
        ),
        ([STARTED], event("meeting.booked", 3, meeting_id="mt-1", **RUN, triggers_unenroll=False), "triggers_unenroll is false"),
        (
            [STARTED, SENT, MANUAL_AT_9],
            event("email.bounced", 10, **MESSAGE, kind="hard"),
            "after the end, which was for another reason than bounced",
        ),
        ([event("enrollment.scheduled", 1, **RUN)], event("email.replied", 3), "the enrollment never started"),
        ([STARTED], event("enrollment.resumed", 3, **RUN), "changes nothing"),
    ],
)
def test_what_does_not_count_is_told_why(before: list[dict[str, Any]], told: dict[str, Any], note: str | None) -> None:
    steps = story(recorded([*before, told]), "s-1", "e-1")
    assert {step.event.id: step.note for step in steps}[told["id"]] == note


def test_an_event_waits_for_its_email_and_then_counts_with_it() -> None:
    steps = story(recorded([STARTED, event("email.opened", 1.5, **MESSAGE), SENT]), "s-1", "e-1")
    assert [(step.event.type, step.note) for step in steps][1] == ("email.opened", "waits for its email.sent")
    assert "opened" in {change.field for change in steps[2].changes}


def test_a_repetition_stands_at_its_own_place_in_the_log() -> None:
    opened = event("email.opened", 3, **MESSAGE)
    steps = story(recorded([STARTED, SENT, opened, opened]), "s-1", "e-1")
    assert [(step.event.offset, step.note, bool(step.changes)) for step in steps[2:]] == [
        (1, None, True),
        (2, "repetition: an earlier record says the same", False),
    ]


def test_beyond_the_500_earliest_of_a_message_nothing_counts() -> None:
    opens = [event("email.opened", 3 + number / 60, **MESSAGE) for number in range(501)]
    steps = story(recorded([STARTED, SENT, *opens]), "s-1", "e-1")
    notes = [step.note for step in steps[2:]]
    assert notes.count(None) == 500
    assert [note for note in notes if note] == ["beyond the 500 earliest of its message, which are those that count"]


def test_what_belongs_to_another_enrollment_is_another_story() -> None:
    of_other = event("email.opened", 5, **MESSAGE, **OTHER)
    steps = story(recorded([STARTED, SENT, event("enrollment.started", 1, 1, **OTHER), of_other]), "s-1", "e-1")
    assert [step.event.type for step in steps] == ["enrollment.started", "email.sent"]


@given(histories())
def test_a_story_has_all_that_belongs_to_it_and_ends_where_the_enrollment_stands(events: list[dict[str, Any]]) -> None:
    known = resolve.history(events)
    reader = Reader(folded(events))
    for one in all_enrollments(known):
        steps = story(recorded(events, one.contact_id), one.sequence_id, one.enrollment_id)
        told = {(step.event.source, step.event.id) for step in steps}
        assert {(fact.source, fact.id) for fact in one.own} <= told
        assert [step.event.time for step in steps] == sorted(step.event.time for step in steps) or len(
            {len(step.event.time) for step in steps}
        ) > 1
        assert final(steps) == {name: value for name, value in state(one).items() if value not in (None, False, 0)}
        found, _ = find_enrollments(reader, "default", one.enrollment_id, sequence_id=one.sequence_id)
        named = sorted(
            other.contact_id
            for other in all_enrollments(known)
            if (other.sequence_id, other.enrollment_id) == (one.sequence_id, one.enrollment_id)
        )
        assert [each.contact_id for each in found] == named
        assert find_enrollments(reader, "default", one.enrollment_id, contact_id=one.contact_id, sequence_id=one.sequence_id)[0] == [
            each for each in found if each.contact_id == one.contact_id
        ]


def final(steps: list[StoryStep]) -> dict[str, Any]:
    """What all changes come to, without what is nothing."""
    values: dict[str, Any] = {}
    for step in steps:
        for change in step.changes:
            assert values.get(change.field) == change.before or (not change.before and not values.get(change.field))
            values[change.field] = change.after
    return {name: value for name, value in values.items() if value not in (None, False, 0)}
