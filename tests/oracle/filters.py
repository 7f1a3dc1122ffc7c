"""Section 4: which enrollments a report speaks of."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from tests.oracle import resolve
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.times import local_date

Filters = Mapping[str, Sequence[str] | str]

STATUSES = ("active", "paused", "finished", "unenrolled", "errored")
NOT_STARTED = ("scheduled", "canceled")
REASONS = (
    "replied",
    "meeting_booked",
    "bounced",
    "unsubscribed",
    "complained",
    "manual",
    "company_reply",
    "company_meeting",
    "sequence_deleted",
    "user_removed",
    "contact_deleted",
    "error",
)
NAMES = ("sequence", "company", "enrolled_by", "team", "variant", "status", "step", "enrolled_from", "enrolled_to")


def values(filters: Filters, name: str) -> list[str] | None:
    """The values asked for, or None where the filter is not set."""
    given = filters.get(name)
    if given is None:
        return None
    return [given] if isinstance(given, str) else list(given)


def day(filters: Filters, name: str) -> date | None:
    given = filters.get(name)
    if given is None:
        return None
    if not isinstance(given, str) or re.fullmatch(r"\d{4}-\d\d-\d\d", given) is None:
        raise ValueError(f"{name}: {given!r} is not a date")
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise ValueError(f"{name}: {given!r} is not a date: {error}") from None


def check(filters: Filters, *, not_started: bool = False) -> None:
    """An unknown value is no error, a malformed one is; an unknown status is one too (section 7)."""
    for name in filters:
        if name not in NAMES:
            raise ValueError(f"{name}: no such filter")
    allowed = {*STATUSES, *(f"unenrolled:{reason}" for reason in REASONS), *(NOT_STARTED if not_started else ())}
    for status in values(filters, "status") or []:
        if status not in allowed:
            raise ValueError(f"status: {status!r} is unknown")
    first, last = day(filters, "enrolled_from"), day(filters, "enrolled_to")
    if first is not None and last is not None and first > last:
        raise ValueError("enrolled_from: is after enrolled_to")


def passes_attributes(one: Enrollment, filters: Filters) -> bool:
    """The filters that scheduled and orphan enrollments obey. Null passes no filter."""
    own = {
        "sequence": one.sequence_id,
        "company": one.attributes["company_id"],
        "enrolled_by": one.attributes["enrolled_by"],
        "team": one.attributes["team_id"],
        "variant": one.attributes["variant"],
    }
    for name, value in own.items():
        asked = values(filters, name)
        if asked is not None and (value is None or value not in asked):
            return False
    return True


def passes(one: Enrollment, filters: Filters, time_zone: str) -> bool:
    """All filters, AND between them, any value within one of them."""
    if not passes_attributes(one, filters):
        return False
    statuses = values(filters, "status")
    if statuses is not None and not {one.status, f"{one.status}:{one.reason}"} & set(statuses):
        return False
    steps = values(filters, "step")
    if steps is not None and (one.current_step is None or one.current_step not in steps):
        return False
    first, last = day(filters, "enrolled_from"), day(filters, "enrolled_to")
    if first is None and last is None:
        return True
    if one.started_at is None:
        return False
    started_on = local_date(one.started_at, time_zone)
    return (first is None or first <= started_on) and (last is None or started_on <= last)


def in_scope(all_enrollments: list[Enrollment], filters: Filters, time_zone: str) -> list[Enrollment]:
    """The started enrollments that pass the filters."""
    return [one for one in all_enrollments if one.started and passes(one, filters, time_zone)]


def scope_of(events: Iterable[resolve.Event], account: str, filters: Filters | None, time_zone: str) -> list[Enrollment]:
    """The scope of a report about the whole account, which takes every filter."""
    check(filters or {})
    return in_scope(all_enrollments(resolve.history(events, account)), filters or {}, time_zone)


def echoed(filters: Filters) -> dict[str, list[str] | str]:
    """What was set: lists of strings, and dates as strings."""
    echo: dict[str, list[str] | str] = {}
    for name, given in filters.items():
        echo[name] = given if name in ("enrolled_from", "enrolled_to") and isinstance(given, str) else values(filters, name) or []
    return echo
