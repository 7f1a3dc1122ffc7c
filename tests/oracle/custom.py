"""The report `custom`: any measures, by up to three dimensions."""

from collections.abc import Iterable
from typing import Any

from tests.oracle.cohorts import month_start, week_start_of
from tests.oracle.enrollment import OUTCOMES, Enrollment
from tests.oracle.filters import Filters, echoed, scope_of
from tests.oracle.lists import public, sort_rows
from tests.oracle.machines import both
from tests.oracle.rates import RATES, contacts, flag, rates
from tests.oracle.resolve import Event
from tests.oracle.sentiment import SENTIMENTS, replies
from tests.oracle.times import local_date
from tests.oracle.totals import totals

NUMBERS = ("started", "contacts", "live")
FLAGS = (
    *("opened", "opened_any", "clicked", "clicked_any", "replied", "replied_to_sequence"),
    *("met", "bounced", "unsubscribed", "complained", "engaged"),
)
TOTALS = tuple(totals([]))
MEASURES = (
    *NUMBERS,
    *FLAGS,
    *(f"{name}_rate" for name in RATES),
    "adjusted_open_rate",
    *TOTALS,
    *(f"replies_{name}" for name in SENTIMENTS),
    *(f"outcome_{name}" for name in OUTCOMES),
)
DATES = ("day", "week", "month")
DIMENSIONS = ("sequence", "step", "user", "team", "company", "variant", "status", "outcome", *DATES)


def custom(
    events: Iterable[Event],
    measures: list[str],
    account: str = "default",
    by: list[str] | None = None,
    filters: Filters | None = None,
    basis: str = "contacts",
    opens: str = "human",
    time_zone: str = "UTC",
    week_start: str = "monday",
    sort: str | None = None,
    order: str | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """The first measure, descending, unless `sort` and `order` say otherwise; ties by the dimensions in the order asked, ascending."""
    by, sort, order = by or [], sort or measures[0], order or "desc"
    check_question(measures, by, sort, order, limit)
    scope = scope_of(events, account, filters, time_zone)
    groups: dict[tuple[str | None, ...], list[Enrollment]] = {} if by else {(): []}
    for one in scope:
        groups.setdefault(tuple(place(one, dimension, time_zone, week_start) for dimension in by), []).append(one)
    rows: list[dict[str, Any]] = []
    for places, own in groups.items():
        where = dict(zip(by, places, strict=True))
        values = {measure: value(own, measure, basis, opens) for measure in measures}
        hidden = {f"_{dimension}": where[dimension] for dimension in by}
        rows.append({"by": where, "values": values, **hidden, "_sort": where[sort] if sort in by else plain(values[sort])})
    ordered = sort_rows(rows, [("_sort", order == "desc"), *((f"_{dimension}", False) for dimension in by)], [])
    return {
        "filters": echoed(filters or {}),
        "basis": basis,
        "opens": opens,
        "time_zone": time_zone,
        "groups": len(rows),
        "rows": [public(row) for row in ordered[:limit]],
        "totals": {measure: value(scope, measure, basis, opens) for measure in measures},
    }


def check_question(measures: list[str], by: list[str], sort: str, order: str, limit: int) -> None:
    for measure in measures:
        if measure not in MEASURES:
            raise ValueError(f"measure: no measure {measure!r}")
    for dimension in by:
        if dimension not in DIMENSIONS:
            raise ValueError(f"by: no dimension {dimension!r}")
    if len(by) > 3 or sum(dimension in DATES for dimension in by) > 1:
        raise ValueError("by: up to three dimensions, and one of day, week and month")
    if sort not in (*measures, *by):
        raise ValueError(f"sort: {sort!r} is neither measured nor a dimension")
    if order not in ("asc", "desc"):
        raise ValueError(f"order: {order!r} is neither asc nor desc")
    if not 1 <= limit <= 10_000:
        raise ValueError(f"limit: {limit} is not from 1 to 10,000")


def place(one: Enrollment, dimension: str, time_zone: str, week_start: str) -> str | None:
    """Where an enrollment stands in a dimension; None is a place of its own."""
    if dimension in DATES:
        assert one.started_at is not None, "only started enrollments are in scope"
        day = local_date(one.started_at, time_zone)
        monday_or_sunday = week_start_of(day, {"monday": 0, "sunday": 6}[week_start])
        return {"day": str(day), "week": str(monday_or_sunday), "month": month_start(day).strftime("%Y-%m")}[dimension]
    places: dict[str, str | None] = {
        "sequence": one.sequence_id,
        "step": one.current_step,
        "user": one.attributes["enrolled_by"],
        "team": one.attributes["team_id"],
        "company": one.attributes["company_id"],
        "variant": one.attributes["variant"],
        "status": one.status,
        "outcome": one.outcome,
    }
    return places[dimension]


def value(scope: list[Enrollment], measure: str, basis: str, opens: str) -> Any:
    """A number, or a rate."""
    if measure in FLAGS:
        return sum(flag(one, measure, opens) for one in scope)
    if measure in TOTALS:
        return totals(scope)[measure]
    if measure == "adjusted_open_rate":
        return both(scope, basis, opens)["adjusted"]
    if measure.endswith("_rate"):
        return rates(scope, basis, opens)[measure.removesuffix("_rate")]
    if measure.startswith("replies_"):
        return replies(scope)[measure.removeprefix("replies_")]
    if measure.startswith("outcome_"):
        return sum(one.outcome == measure.removeprefix("outcome_") for one in scope)
    return {"started": len(scope), "contacts": len(contacts(scope)), "live": sum(one.live for one in scope)}[measure]


def plain(measured: Any) -> Any:
    """What a measure sorts by: a rate by its value."""
    return measured["value"] if isinstance(measured, dict) else measured
