"""The report `contact`: one person, and what each event did, found by recounting everything after every event."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import profile
from tests.oracle.enrollment import Enrollment, all_enrollments, enrollment
from tests.oracle.filters import Filters, check
from tests.oracle.lists import newest_first, shown
from tests.oracle.resolve import Event, Fact, History, enrollment_keys, resolved, that_count, waits
from tests.oracle.subjects import check_contact
from tests.oracle.times import written
from tests.oracle.totals import totals_of

State = dict[str, Any]
ENDS = ("enrollment.finished", "enrollment.unenrolled", "enrollment.errored")
FLAGS = (
    "opened",
    "opened_any",
    "clicked",
    "clicked_any",
    "replied",
    "replied_to_sequence",
    "met",
    "bounced",
    "unsubscribed",
    "complained",
)


def contact(
    events: Iterable[Event], contact_id: str, account: str = "default", filters: Filters | None = None, time_zone: str = "UTC"
) -> dict[str, Any]:
    """The filters choose the enrollments that are listed; all events are there, and all that they did."""
    filters, events = filters or {}, list(events)
    check(filters, not_started=True)
    known = resolve.history(events, account)
    check_contact(known, contact_id)
    person = profile(known, contact_id)
    own = [one for one in all_enrollments(known) if one.contact_id == contact_id]
    return {
        "contact_id": contact_id,
        "name": person.name,
        "email": person.email,
        "company_id": person.company_id,
        "company_name": person.company_name,
        "enrollments": newest_first(known, shown(own, filters, time_zone)),
        "events": told([fact for fact in resolve.distinct(events, account) if fact.data.get("contact_id") == contact_id]),
    }


def told(facts: list[Fact]) -> list[dict[str, Any]]:
    """Each event with the difference between all that is known after it and all that was known before it."""
    rows = []
    before: dict[tuple[str, str], State] = {}
    for number, fact in enumerate(facts, 1):
        # What other contacts did and how sequences are defined has no part in it.
        known = History(that_count(facts[:number]), [])
        everything = {(key[1], key[2]): enrollment(known, key) for key in enrollment_keys(known)}
        after = {key: state(one) for key, one in everything.items()}
        changes = [
            {"enrollment_id": key[1], "sequence_id": key[0], "field": name, "before": previous[name], "after": value}
            for key in sorted(after)
            for previous in [before.get(key, NOTHING)]
            for name, value in after[key].items()
            if value != previous[name]
        ]
        rows.append(
            {
                "type": fact.type,
                "time": written(fact.time),
                "source": fact.source,
                "id": fact.id,
                "enrollment_id": fact.data.get("enrollment_id"),
                "message_id": fact.data.get("message_id"),
                "step_id": fact.data.get("step_id"),
                "changes": changes,
                "note": note(known, fact, list(everything.values()), changed=bool(changes)),
            }
        )
        before = after
    return rows


def state(one: Enrollment) -> State:
    """All columns, flags and totals in which an enrollment can differ. One that is not started has an end and attributes at most."""
    attributes = {name: one.attributes.get(name) for name in ("enrolled_by", "company_id", "team_id", "variant")}
    whole = {
        "status": one.status,
        "reason": one.reason,
        "outcome": one.outcome,
        "started_at": written(one.started_at),
        "ended_at": written(one.ended_at),
        "step": one.current_step,
        **attributes,
        **{name: one.flags.get(name, False) for name in FLAGS},
        **totals_of(one),
    }
    if one.started:
        return whole
    ended = {"status": one.status, "reason": one.reason, "ended_at": written(one.ended_at)}
    return {name: (ended | attributes).get(name, EMPTY[type(value)]) for name, value in whole.items()}


EMPTY = {bool: False, int: 0, str: None, type(None): None}
NOTHING: State = state(Enrollment("", "", "")) | {"status": None}
"""What an enrollment is before any event has named it."""


def note(known: History, fact: Fact, everything: list[Enrollment], *, changed: bool) -> str | None:
    """Why the event changed nothing, or what is odd about it, by what was known right after it."""
    if waits(known, fact):
        return "waits for its email.sent"
    if fact.type in ENDS:
        ended = [one for one in everything if (one.contact_id, one.sequence_id, one.enrollment_id) == resolved(known, fact)]
        if ended[0].end is not fact:
            return "second end"
    if any(fact in one.late_replies for one in everything):
        return "late reply"
    return None if changed else "changes nothing"
