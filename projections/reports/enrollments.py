"""The report `enrollments`: the enrollments in scope one by one, the newest start first."""

from typing import Any, Final, NamedTuple

import numpy as np
from pydantic import BaseModel, create_model

from projections.meaning import REASONS, STATUSES, UNENROLLED
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.cell import CELL, Cell
from projections.reports.enrollment_row import EnrollmentRow
from projections.reports.page import CATALOGUE, Paging, answered, page
from projections.reports.parameters import Opens
from projections.reports.request import Query, Request
from projections.rows import Column, Rows

_ORDER: Final = ("started_at",)  # the least of all times stands for none, so that what never started comes last


class ListedStatuses(BaseModel):
    """Enrollments by status; the last two never started."""

    active: int
    paused: int
    finished: int
    unenrolled: int
    errored: int
    scheduled: int
    canceled: int


_integers: Any = dict.fromkeys(REASONS[1:], (int, ...))
ListedReasons = create_model("ListedReasons", __doc__="Unenrolled enrollments by reason; they add up to them.", **_integers)


class Enrollments(BaseModel):
    """A page of the enrollments."""

    total: int
    """Enrollments on all pages."""
    contacts: int
    """Distinct contacts on all pages."""
    statuses: ListedStatuses
    """How many there would be in each status, under all other filters."""
    reasons: ListedReasons
    """Of those that would be unenrolled, likewise."""
    enrollments: list[EnrollmentRow]
    next: str | None
    """The cursor of the next page; null on the last one."""
    as_of: AsOf


class Options(NamedTuple):
    """Which enrollments, and which page of them."""

    cell: Cell | None
    opens: Opens
    paging: Paging


def read(query: Query) -> Options:
    opens = parameters.opens(query.given)
    cell = Cell.read(query)
    return Options(cell, opens, Paging.read(query, parameters.single(query.given, CELL.name) or "", opens))


def enrollments(request: Request, options: Options) -> Enrollments:
    """Raises `StoreError`."""
    return answered(lambda: _of_now(request, options))


def _of_now(request: Request, options: Options) -> Enrollments:
    cell, opens, paging = options
    snapshot = request.reader.rows(request.account, CATALOGUE, cells_of=() if cell is None else (cell.sequence,))
    # The rows of one sequence lie side by side, and are few.
    rows = snapshot.table.rows(request.filters.sequence[0] if len(request.filters.sequence) == 1 else None)
    everything = request.filters.in_any_status(rows, request.time_zone)
    listed = request.filters.in_status(rows, everything)
    if cell is not None:
        cells = snapshot.cells[cell.sequence]
        everything, listed = (cell.behind(rows, positions, cells, opens) for positions in (everything, listed))
    found = page(request, snapshot, rows, listed, _ORDER, paging)
    status, reason = rows.column("status").take(everything), rows.column("reason").take(everything)
    statuses = np.bincount(status, minlength=len(STATUSES)).tolist()
    reasons = np.bincount(reason[status == UNENROLLED], minlength=len(REASONS)).tolist()
    return Enrollments(
        total=len(listed),
        contacts=_distinct_contacts(rows, listed),
        statuses=ListedStatuses(**{name: statuses[STATUSES.index(name)] for name in ListedStatuses.model_fields}),
        reasons=ListedReasons(**dict(zip(REASONS[1:], reasons[1:], strict=True))),
        enrollments=found.rows,
        next=found.next,
        as_of=as_of(snapshot.reading, request.ends),
    )


def _distinct_contacts(rows: Rows, positions: Column) -> int:
    seen = np.zeros(rows.table.contacts, dtype=np.bool_)
    seen[rows.column("contact").take(positions)] = True
    return int(np.count_nonzero(seen))
