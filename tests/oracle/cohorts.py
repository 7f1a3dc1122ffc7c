"""The reports by the day of the start: `monthly` and `trend`; and `engagement` by sequence, in distinct contacts."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import Filters, check, in_scope
from tests.oracle.rates import contacts, flag, of_enrollments
from tests.oracle.resolve import Event
from tests.oracle.times import local_date

MONTHLY_RATES = ("open", "click", "reply", "meeting", "unsubscribe")
POINT_FLAGS = ("opened", "clicked", "replied", "met", "unsubscribed")


def month_start(day: date) -> date:
    return day.replace(day=1)


def week_start_of(day: date, first_weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)


def periods(starts: set[date], interval: str) -> list[date]:
    """From the first to the last, those without enrollments included."""
    if not starts:
        return []
    made = [min(starts)]
    while made[-1] < max(starts):
        following = made[-1] + timedelta(days={"day": 1, "week": 7, "month": 32}[interval])
        made.append(month_start(following) if interval == "month" else following)
    return made


def _cohorts(scope: list[Enrollment], interval: str, time_zone: str, first_weekday: int) -> dict[date, list[Enrollment]]:
    by_start: dict[date, list[Enrollment]] = {}
    for one in scope:
        assert one.started_at is not None, "only started enrollments are in scope"
        day = local_date(one.started_at, time_zone)
        start = {"day": day, "week": week_start_of(day, first_weekday), "month": month_start(day)}[interval]
        by_start.setdefault(start, []).append(one)
    return {start: by_start.get(start, []) for start in periods(set(by_start), interval)}


def monthly(
    events: Iterable[Event], account: str = "default", filters: Filters | None = None, opens: str = "human", time_zone: str = "UTC"
) -> dict[str, Any]:
    check(filters or {})
    scope = in_scope(all_enrollments(resolve.history(events, account)), filters or {}, time_zone)
    months = []
    for start, cohort in _cohorts(scope, "month", time_zone, 0).items():
        made = of_enrollments(cohort, opens)
        months.append(
            {
                "month": start.strftime("%Y-%m"),
                "enrollments": len(cohort),
                "contacts": len(contacts(cohort)),
                "rates": {name: made[name] for name in MONTHLY_RATES},
            }
        )
    return {"time_zone": time_zone, "months": months}


def trend(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    opens: str = "human",
    time_zone: str = "UTC",
    interval: str = "day",
    week_start: str = "monday",
) -> dict[str, Any]:
    """Enrollments with each flag, by the day, week (named by its first day) or month of their start."""
    if interval not in ("day", "week", "month"):
        raise ValueError(f"interval: {interval!r} is not day, week or month")
    check(filters or {})
    scope = in_scope(all_enrollments(resolve.history(events, account)), filters or {}, time_zone)
    first_weekday = {"monday": 0, "sunday": 6}[week_start]
    points = [
        {
            "start": start.isoformat(),
            "enrollments": len(cohort),
            "contacts": len(contacts(cohort)),
            **{name: sum(flag(one, name, opens) for one in cohort) for name in POINT_FLAGS},
        }
        for start, cohort in _cohorts(scope, interval, time_zone, first_weekday).items()
    ]
    return {"interval": interval, "points": points}


def engagement(
    events: Iterable[Event], account: str = "default", filters: Filters | None = None, opens: str = "human", time_zone: str = "UTC"
) -> dict[str, Any]:
    """Distinct contacts of each sequence that any event has named, most contacts first, then id."""
    check(filters or {})
    known = resolve.history(events, account)
    scope = in_scope(all_enrollments(known), filters or {}, time_zone)
    rows = []
    for sequence_id in resolve.sequence_ids(known):
        own = [one for one in scope if one.sequence_id == sequence_id]
        rows.append(
            {
                "sequence_id": sequence_id,
                "name": sequence(known, sequence_id).name,
                "contacts": len(contacts(own)),
                **{name: len(contacts(one for one in own if flag(one, name, opens))) for name in (*POINT_FLAGS, "bounced")},
            }
        )
    rows.sort(key=lambda row: (-int(str(row["contacts"])), str(row["sequence_id"])))
    return {"sequences": rows}
