"""One page of a list of enrollments: found without sorting the list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, TypeVar

import numpy as np

from projections.identities import Superseded, places
from projections.reports import cursor, parameters
from projections.reports.cursor import RowKey
from projections.reports.enrollment_row import EnrollmentRow, enrollment_rows
from projections.reports.parameters import Parameter
from projections.reports.request import Query, Request
from projections.row_cache import Snapshot
from projections.rows import Column, Rows
from projections.tables.parts import Catalogue

LARGEST: Final = 1_000
LIMIT: Final = Parameter("limit", f"Rows on a page, {LARGEST:,} at most.", default="50", kind="whole number", most=LARGEST)
CATALOGUE: Final = Catalogue()
"""A snapshot that pages are made from has to have it."""
_ATTEMPTS: Final = 5

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page of a list is asked for."""

    limit: int
    after: RowKey | None
    """The last row of the page before."""
    own: tuple[str, ...]
    """The values of the report's own parameters that make it another list."""

    @classmethod
    def read(cls, query: Query, *own: str) -> "Paging":
        """The page that was asked for. Raises `ParameterError`."""
        return cls(parameters.whole(query.given, LIMIT), cursor.read(query, *own), own)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and the cursor of the next one."""

    rows: list[EnrollmentRow]
    next: str | None


def answered(make: Callable[[], A]) -> A:
    """What `make` makes of a snapshot, made again if the tables were replaced between the rows and the names. Raises `StoreError`."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return make()
        except Superseded:
            continue
    return make()


def page(request: Request, snapshot: Snapshot, rows: Rows, listed: Column, columns: Sequence[str], paging: Paging) -> Page:
    """The page of the enrollments at the positions `listed`, by the columns descending, then by ids ascending.

    Raises `Superseded`, `StoreError`.
    """
    keys = [rows.column(name).take(listed) for name in columns]
    found = listed.take(_first(keys, None if paging.after is None else paging.after.numbers, paging.limit + 1))
    identities = request.reader.identities.of(snapshot, placed := places(rows, found))
    numbers = zip(*(rows.column(name).take(found).tolist() for name in columns), strict=True)
    ordered = [
        (RowKey(of_row, (one.enrollment_id, one.contact_id, place.sequence)), number)
        for number, (of_row, one, place) in enumerate(zip(numbers, identities, placed, strict=True))
    ]
    if paging.after is not None:
        start = paging.after.rank
        ordered = [entry for entry in ordered if entry[0].rank > start]
    first = nsmallest(paging.limit + 1, ordered, key=lambda entry: entry[0].rank)
    shown = [number for _, number in first[: paging.limit]]
    profiles = request.reader.identities.profiles(snapshot, [(placed[number].partition, identities[number].contact_id) for number in shown])
    made = enrollment_rows(
        rows,
        found.take(np.array(shown, dtype=np.intp)),
        [identities[number] for number in shown],
        profiles,
        snapshot.reading[CATALOGUE],
    )
    more = len(first) > paging.limit
    return Page(made, cursor.written(request, first[paging.limit - 1][0], *paging.own) if more else None)


def _first(keys: Sequence[Column], after: Sequence[int] | None, wanted: int) -> Column:
    """Where the keys are greatest, so many times at least, and wherever they equal the least of those found.

    `after` leaves out what is greater, and what equals it is found besides.
    """
    found = []
    left: Column = np.arange(len(keys[0]))
    if after is not None:
        behind, equal = np.zeros(len(left), dtype=np.bool_), np.ones(len(left), dtype=np.bool_)
        for key, number in zip(keys, after, strict=True):
            behind |= equal & (key < number)
            equal &= key == number
        found.append(np.flatnonzero(equal))
        left = np.flatnonzero(behind)
    for key in keys:
        if len(left) <= wanted:
            break
        values = key.take(left)
        least = np.partition(values, len(values) - wanted)[len(values) - wanted]
        greater = left[values > least]
        found.append(greater)
        wanted -= len(greater)
        left = left[values == least]
    return np.concatenate([*found, left])
