"""The reports that list enrollments one by one: `enrollments` and `contacts`. Always all rows, so `next` is null."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import profile, sequence
from tests.oracle.cells import check_cell, in_cell
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import NOT_STARTED, REASONS, STATUSES, Filters, check, in_scope, passes, values
from tests.oracle.resolve import Event, History
from tests.oracle.times import written
from tests.oracle.totals import totals_of

Row = dict[str, Any]
ID_COLUMNS = ["enrollment_id", "contact_id", "sequence_id"]


def sort_rows(rows: list[Row], columns: list[tuple[str, bool]], ids: list[str]) -> list[Row]:
    """By (column, descending) in turn, nulls last in either direction, ties by the id columns ascending (section 7)."""
    ordered = sorted(rows, key=lambda row: [row[name] for name in ids])
    for column, descending in reversed(columns):
        present = [row for row in ordered if row[column] is not None]
        absent = [row for row in ordered if row[column] is None]
        present.sort(key=lambda row: row[column], reverse=descending)
        ordered = present + absent
    return ordered


def row_of(known: History, one: Enrollment) -> Row:
    person, counts = profile(known, one.contact_id), totals_of(one)
    return {
        "enrollment_id": one.enrollment_id,
        "contact_id": one.contact_id,
        "contact_name": person.name,
        "company_id": one.attributes["company_id"],
        "company_name": person.company_name,
        "sequence_id": one.sequence_id,
        "sequence_name": sequence(known, one.sequence_id).name,
        "status": one.status,
        "reason": one.reason,
        "outcome": one.outcome,
        "enrolled_by": one.attributes["enrolled_by"],
        "team_id": one.attributes["team_id"],
        "variant": one.attributes["variant"],
        "started_at": written(one.started_at),
        "ended_at": written(one.ended_at),
        "last_step": one.current_step,
        "next_step": one.next_step,
        "emails_sent": counts["sent"],
        "opens": counts["opens"],
        "clicks": counts["clicks"],
        "replied": one.flags["replied"],
        "met": one.flags["met"],
        "bounced": one.flags["bounced"],
        "last_engaged_at": written(one.last_engaged_at),
    }


def enrollments(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    opens: str = "human",
    time_zone: str = "UTC",
    cell: str | None = None,
) -> Row:
    """`opens` acts on `cell` alone."""
    filters = filters or {}
    check(filters, not_started=True)
    if cell is not None:
        check_cell(cell, filters)
    known = resolve.history(events, account)
    everyone = all_enrollments(known)
    rows = newest_first(known, _asked_for(everyone, filters, time_zone, cell, opens))
    # The rail beside the list: what each status would have under all other filters.
    others = {name: value for name, value in filters.items() if name != "status"}
    in_any_status = _asked_for(everyone, {**others, "status": [*STATUSES, *NOT_STARTED]}, time_zone, cell, opens)
    return {
        "total": len(rows),
        "contacts": len({row["contact_id"] for row in rows}),
        "statuses": {status: sum(one.status == status for one in in_any_status) for status in (*STATUSES, *NOT_STARTED)},
        "reasons": {reason: sum(one.status == "unenrolled" and one.reason == reason for one in in_any_status) for reason in REASONS},
        "enrollments": rows,
        "next": None,
    }


def _asked_for(everyone: list[Enrollment], filters: Filters, time_zone: str, cell: str | None, opens: str) -> list[Enrollment]:
    if cell is None:
        return shown(everyone, filters, time_zone)
    # The cells of steps count started enrollments only.
    return in_cell(in_scope(everyone, filters, time_zone), cell, opens)


def shown(everyone: list[Enrollment], filters: Filters, time_zone: str) -> list[Enrollment]:
    """Section 7: rows of scheduled or canceled enrollments appear only when asked for by status."""
    asked = values(filters, "status") or []
    return [
        one for one in everyone if (one.started or (one.status in NOT_STARTED and one.status in asked)) and passes(one, filters, time_zone)
    ]


def newest_first(known: History, listed: list[Enrollment]) -> list[Row]:
    """By the instants themselves, since written times of different precision do not sort as text."""
    rows = [{**row_of(known, one), "_started": one.started_at} for one in listed]
    return [public(row) for row in sort_rows(rows, [("_started", True)], ID_COLUMNS)]


def contacts(events: Iterable[Event], account: str = "default", filters: Filters | None = None, time_zone: str = "UTC") -> Row:
    """The Highly engaged table: rows with at least one human open or click."""
    filters = filters or {}
    check(filters)
    known = resolve.history(events, account)
    engaged = [one for one in in_scope(all_enrollments(known), filters, time_zone) if one.opens or one.clicks]
    rows = [{**row_of(known, one), "_engaged": one.last_engaged_at} for one in engaged]
    columns = [("clicks", True), ("opens", True), ("_engaged", True)]
    ordered = [public(row) for row in sort_rows(rows, columns, ID_COLUMNS)]
    return {"total": len(ordered), "contacts": ordered, "next": None}


def public(row: Row) -> Row:
    """The row without the columns that only sort it."""
    return {name: value for name, value in row.items() if not name.startswith("_")}
