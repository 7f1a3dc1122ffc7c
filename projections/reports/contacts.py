"""The report `contacts`: the enrollments with a human open or click, the most engaged first."""

from typing import Final

from pydantic import BaseModel

from projections import meaning
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.enrollment_row import EnrollmentRow
from projections.reports.page import CATALOGUE, Paging, answered, page
from projections.reports.request import Query, Request

_ORDER: Final = ("clicks", "opens", "last_engaged_at")


class Contacts(BaseModel):
    """A page of the highly engaged."""

    total: int
    """Enrollments on all pages."""
    contacts: list[EnrollmentRow]
    next: str | None
    """The cursor of the next page; null on the last one."""
    as_of: AsOf


def read(query: Query) -> Paging:
    parameters.opens(query.given)  # who is engaged is told by humans alone
    return Paging.read(query)


def contacts(request: Request, paging: Paging) -> Contacts:
    """Raises `StoreError`."""
    return answered(lambda: _of_now(request, paging))


def _of_now(request: Request, paging: Paging) -> Contacts:
    snapshot = request.reader.rows(request.account, CATALOGUE)
    scope = request.filters.scope(snapshot.table.rows(), request.time_zone)
    flags = scope.rows.column("flags").take(scope.started)
    engaged = scope.started[flags & (meaning.OPENED | meaning.CLICKED) != 0]
    found = page(request, snapshot, scope.rows, engaged, _ORDER, paging)
    return Contacts(total=len(engaged), contacts=found.rows, next=found.next, as_of=as_of(snapshot.reading, request.ends))
