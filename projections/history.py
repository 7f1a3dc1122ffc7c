"""What each event of a contact did: the product's own rules applied after every event, and the difference between before and after.

The tables hold what is true now and not how it came to be. Since all of it is a function of the set of events, taking them in again one by
one, in order of time, shows what each of them has contributed. Nothing here knows a rule; all of them are in `facts.unite` and `view.view`.
The view is made anew after every event, so the time this takes grows with the square of their number. Who looks at a contact asks again and
again, and mostly nothing has come: the last histories are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from events.rfc3339 import format_time
from events.wire import WireEvent
from projections.contact import Contact
from projections.enrollment_view import ContactView, EnrollmentView
from projections.facts import unite
from projections.meaning import FLAGS, OUTCOMES, REASONS, STATUSES, TOTALS
from projections.names import Names
from projections.view import view

Value = str | bool | int | None
State = Mapping[str, Value]
"""Column, flag or total of an enrollment -> its value, in the order in which changes are told; times as RFC 3339 text."""
Key = tuple[str, str]
"""(sequence id, enrollment id)."""

_COLUMNS: Final = ("status", "reason", "outcome", "started_at", "ended_at", "step", "enrolled_by", "company_id", "team_id", "variant")
_KEPT: Final = 16
"""Histories of contacts."""
_NOTHING: Final[State] = {**dict.fromkeys(_COLUMNS), **dict.fromkeys(FLAGS, False), **dict.fromkeys(TOTALS, 0)}
"""What an enrollment is before any event has named it."""
_LATE_REPLIES: Final = TOTALS.index("late_replies")

WAITS: Final = "waits for its email.sent"
SECOND_END: Final = "second end"
LATE_REPLY: Final = "late reply"
CHANGES_NOTHING: Final = "changes nothing"


@dataclass(frozen=True, slots=True)
class Change:
    """Something about one enrollment that was another after an event than before it."""

    enrollment_id: str
    sequence_id: str
    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One event, and what it did."""

    event: WireEvent
    changes: tuple[Change, ...]
    """By sequence id and enrollment id, then in the order of `State`."""
    note: str | None
    """Why it changed nothing, or what is odd about it."""


class _Told:
    """Events by all that they say, for finding the history that was made of them."""

    def __init__(self, events: Sequence[WireEvent]) -> None:
        self.events = events

    def __hash__(self) -> int:
        return hash((len(self.events), self.events[-1].source, self.events[-1].id))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self.events == other.events


def history(events: Sequence[WireEvent]) -> list[HistoryStep]:
    """Each of the events of one contact, distinct and in order of time, with what it did when it came."""
    return list(_history(_Told(events))) if events else []


@lru_cache(_KEPT)
def _history(told: _Told) -> list[HistoryStep]:
    events = told.events
    contact, names = Contact(0, events[0].time, [], [], set()), Names()
    seen, before = ContactView([], 0), dict[Key, State]()
    steps = []
    for event in events:
        # A profile is no part of the numbers.
        new = not event.type.startswith("contact.") and unite(contact, event, names, lambda _: 0)
        known, seen = seen, view(contact, names) if new else seen
        after = _states(contact, seen, names) if new else before
        changes = tuple(_changes(before, after))
        steps.append(HistoryStep(event, changes, _note(event, known, seen, changes)))
        before = after
    return steps


def _states(contact: Contact, seen: ContactView, names: Names) -> dict[Key, State]:
    return {
        (names.text(known.sequence), known.enrollment_id): _state(one, names)
        for known, one in zip(contact.enrollments, seen.enrollments, strict=True)
    }


def _state(seen: EnrollmentView, names: Names) -> State:
    enrolled_by, company_id, team_id, variant = (names.text(code) or None for code in seen.attributes)
    known: dict[str, Value] = {
        "status": STATUSES[seen.status],
        "reason": REASONS[seen.reason] or None,
        "ended_at": _time(seen.ended_at),
        "enrolled_by": enrolled_by,
        "company_id": company_id,
        "team_id": team_id,
        "variant": variant,
    }
    if seen.outcome is not None:  # what else is known of one that has not started counts nowhere
        known |= {"outcome": OUTCOMES[seen.outcome], "started_at": _time(seen.started_at), "step": names.text(seen.step) or None}
        known |= {flag: bool(seen.flags >> bit & 1) for bit, flag in enumerate(FLAGS)}
        known |= dict(zip(TOTALS, seen.totals, strict=True))
    return {**_NOTHING, **known}


def _changes(before: Mapping[Key, State], after: Mapping[Key, State]) -> list[Change]:
    return [
        Change(enrollment_id, sequence_id, field, was, state[field])
        for (sequence_id, enrollment_id), state in sorted(after.items(), key=lambda one: one[0])
        for field, was in before.get((sequence_id, enrollment_id), _NOTHING).items()
        if was != state[field]
    ]


def _note(event: WireEvent, before: ContactView, after: ContactView, changes: Sequence[Change]) -> str | None:
    """The first that applies."""
    if after.waiting > before.waiting:
        return WAITS
    if not changes and _second_ends(after) > _second_ends(before):
        return SECOND_END
    if event.type == "email.replied" and _late_replies(after) > _late_replies(before):
        return LATE_REPLY
    return None if changes else CHANGES_NOTHING


def _second_ends(seen: ContactView) -> int:
    return sum(one.second_ends for one in seen.enrollments)


def _late_replies(seen: ContactView) -> int:
    return sum(one.totals[_LATE_REPLIES] for one in seen.enrollments)


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_time(instant)
