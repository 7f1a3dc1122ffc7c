"""The whole story of one enrollment: every event that concerns it, in order, with what it changed, or why it changed nothing."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

from projections import meaning
from projections.enrollment_view import EnrollmentView
from projections.explain.evidence import Evidence
from projections.explain.explanation import NamedEvent, named_event
from projections.explain.recorded import Recorded
from projections.history import CHANGES_NOTHING, LATE_REPLY, SECOND_END, WAITS, Change, history
from projections.meaning import REASON_CODES

REPETITION: Final = "repetition: an earlier record says the same"
BEYOND: Final = "beyond the 500 earliest of its message, which are those that count"
MACHINE: Final = "by a machine"
AUTOMATIC: Final = "an automatic reply is no reply"
NOT_TRIGGERED: Final = "triggers_unenroll is false"
NOT_THE_ORGANIZER: Final = "it names no enrollment, and its organizer is not who enrolled"

_OWN_REASONS: Final = {"email.replied": "replied", "meeting.booked": "meeting_booked", "email.bounced": "bounced"}
_FLAGS: Final = {"email.replied": "replied", "meeting.booked": "met", "email.bounced": "bounced"}
_TOUCHES: Final = {"email.opened": ("opened", "opened_any"), "email.clicked": ("clicked", "clicked_any")}


class StoryStep(BaseModel):
    """One event, and what it did to the enrollment when it happened."""

    event: NamedEvent
    changes: list[Change]
    note: str | None
    """What is odd about it, or why it counts for nothing, as all events have it."""


def story(recorded: Sequence[Recorded], sequence_id: str, enrollment_id: str) -> list[StoryStep]:
    """The events of a contact that name the enrollment, belong to it, or may concern it because they name none, in order of time."""
    evidence = Evidence(recorded)
    position = evidence.position(sequence_id, enrollment_id)
    assert position is not None, "the enrollment has a story because an event names it"
    told = iter(history([one.event for one in recorded if not one.repeats]))
    steps = []
    for one in recorded:
        changes: list[Change] = []
        note: str | None = REPETITION
        if not one.repeats:
            step = next(told)
            changes = [change for change in step.changes if (change.sequence_id, change.enrollment_id) == (sequence_id, enrollment_id)]
            note = _note(evidence, position, one, step.note, changed=bool(changes))
        if changes or _concerns(evidence, position, one):
            steps.append(StoryStep(event=named_event(one), changes=changes, note=note))
    return steps


def _concerns(evidence: Evidence, position: int, one: Recorded) -> bool:
    """Whether an event is about the enrollment, or about no other one."""
    data: Any = one.event.data
    names_none = getattr(data, "enrollment_id", None) is None and getattr(data, "message_id", None) is None
    owner = evidence.belongs_to(one)
    return names_none or owner == position


def _note(evidence: Evidence, position: int, one: Recorded, said: str | None, *, changed: bool) -> str | None:
    """Why an event counts for nothing; what the history says of it where there is nothing more exact."""
    if said == SECOND_END:
        return said
    why = _why(evidence, position, one)
    if said in (WAITS, LATE_REPLY):
        return said if why is None else f"{said}: {why}"
    return why if why is not None or changed else CHANGES_NOTHING


def _why(evidence: Evidence, position: int, one: Recorded) -> str | None:
    """Why an event does not count for the enrollment; None if it does, or if nothing of the kind can be said."""
    type_, data = one.event.type, one.event.data
    if type_ == "email.auto_replied":
        return AUTOMATIC
    if type_ in _TOUCHES:
        human, any_ = _TOUCHES[type_]
        fact = evidence.fact(one)
        if fact is None:
            return BEYOND
        by_machine = evidence.sets(position, any_, fact) and not evidence.sets(position, human, fact)
        return MACHINE if by_machine else None
    flag = _FLAGS.get(type_)
    fact = None if flag is None else evidence.fact(one)
    if flag is None or fact is None or evidence.sets(position, flag, fact):
        return None
    seen = evidence.view.enrollments[position]
    return _outside(seen, one.event.time, _OWN_REASONS[type_]) or (_of_meeting(data) if type_ == "meeting.booked" else None)


def _outside(seen: EnrollmentView, time: int, own_reason: str) -> str | None:
    """Why a time is not one while enrolled (rule 5); None if it is."""
    if seen.started_at is None:
        return "the enrollment never started"
    if time < seen.started_at:
        return "before the start"
    if seen.ended_at is None or time <= seen.ended_at:
        return None
    if seen.reason != REASON_CODES[own_reason]:
        return f"after the end, which was for another reason than {meaning.REASONS[REASON_CODES[own_reason]]}"
    return "more than 24 hours after the end" if time > seen.ended_at + 24 * 3_600_000 else None


def _of_meeting(data: Any) -> str | None:
    """Why a meeting that was booked in time does not count (rule 8)."""
    return NOT_TRIGGERED if data.triggers_unenroll is False else NOT_THE_ORGANIZER
