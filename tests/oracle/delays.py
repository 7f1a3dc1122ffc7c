"""The report `times`: how long it takes until somebody opens, clicks, replies or meets."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.enrollment import Enrollment, all_enrollments, step_or_last
from tests.oracle.filters import Filters, check, in_scope
from tests.oracle.resolve import Event, Fact, step_of

MINUTE, HOUR, DAY = 60, 3_600, 86_400
LIMITS = [
    *(0, 3 * MINUTE, 15 * MINUTE, 1 * HOUR, 4 * HOUR, 12 * HOUR),
    *(1 * DAY, 2 * DAY, 4 * DAY, 8 * DAY, 16 * DAY, 32 * DAY),
]
"""Seconds at which the bars of the histogram begin; the last one has no end."""
UNIT = 45
"""Seconds of the narrowest bucket."""
LAST = 30 << 14
"""The unit at which the last bucket begins: 256 days."""


def times(events: Iterable[Event], account: str = "default", filters: Filters | None = None, time_zone: str = "UTC") -> dict[str, Any]:
    check(filters or {})
    known = resolve.history(events, account)
    taken: dict[str, list[int]] = {
        "send_to_open": [],
        "send_to_click": [],
        "send_to_reply": [],
        "enrollment_to_reply": [],
        "enrollment_to_meeting": [],
    }
    for one in in_scope(all_enrollments(known), filters or {}, time_zone):
        taken["send_to_open"] += after_sending(one, [(step_of(known, fact), fact.time) for fact in one.opens])
        taken["send_to_click"] += after_sending(one, [(step_of(known, fact), fact.time) for fact in one.clicks])
        taken["send_to_reply"] += after_sending(one, [(step_or_last(one, known, fact), fact.time) for fact in one.replies])
        taken["enrollment_to_reply"] += after_start(one, one.replies)
        taken["enrollment_to_meeting"] += after_start(one, one.meetings)
    return {"times": [measured(name, some) for name, some in taken.items()], "error": {"seconds": 22.5, "share": 0.03125}}


def after_sending(one: Enrollment, credited: list[tuple[str | None, int]]) -> list[int]:
    """For each step that was sent and had such an event at or after that: milliseconds from the one to the other, both the earliest."""
    taken = []
    for step_id in {fact.data["step_id"] for fact in one.of("email.sent")}:
        sent = min(fact.time for fact in one.of("email.sent") if fact.data["step_id"] == step_id)
        later = [time for step, time in credited if step == step_id and time >= sent]
        if later:
            taken.append(min(later) - sent)
    return taken


def after_start(one: Enrollment, counted: list[Fact]) -> list[int]:
    assert one.started_at is not None, "only started enrollments are in scope"
    return [min(fact.time for fact in counted) - one.started_at] if counted else []


def measured(name: str, taken: list[int]) -> dict[str, Any]:
    histogram = []
    for begin, end in zip(LIMITS, [*LIMITS[1:], None], strict=True):
        count = sum(begin * 1000 <= time and (end is None or time < end * 1000) for time in taken)
        histogram.append({"from": begin, "to": end, "count": count})
    return {
        "measure": name,
        "count": len(taken),
        "median": not_exceeded_by(taken, 50),
        "p90": not_exceeded_by(taken, 90),
        "histogram": histogram,
    }


def not_exceeded_by(taken: list[int], percent: int) -> float | None:
    """The smallest time that at least so many percent of the times do not exceed, as precisely as it is kept."""
    enough = [time for time in taken if 100 * sum(other <= time for other in taken) >= percent * len(taken)]
    return kept(min(enough)) if enough else None


def kept(milliseconds: int) -> float:
    """The middle, in seconds, of the bucket that a time falls into; the last bucket has no end and is given as its beginning."""
    begin, end = bucket(milliseconds // (UNIT * 1000))
    return float(begin * UNIT) if end is None else (begin + end) / 2 * UNIT


def bucket(unit: int) -> tuple[int, int | None]:
    """The first unit of the bucket of a unit, and the first one beyond it."""
    if unit >= LAST:
        return LAST, None
    exponent = 0
    while unit >> exponent > 31:
        exponent += 1
    begin = unit >> exponent << exponent
    return begin, begin + (1 << exponent)
