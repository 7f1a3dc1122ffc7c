"""The report `custom`: any measures, by up to three dimensions."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np
from pydantic import BaseModel

from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.breakdown import Breakdown
from projections.reports.dimensions import DIMENSIONS, PERIODS
from projections.reports.errors import ParameterError
from projections.reports.groups import Numbers
from projections.reports.measures import MEASURES
from projections.reports.parameters import Basis, Opens, Order, Parameter, WeekStart
from projections.reports.rates import Fraction, Rate, add, rate
from projections.reports.request import Query, Request
from projections.reports.shared_messages import SharedMessages
from projections.rows import Column
from projections.tables.parts import SharedLists

MOST_DIMENSIONS: Final = 3
MOST_ROWS: Final = 10_000
MEASURE: Final = Parameter(
    "measure", "What is counted; several are columns.", repeatable=True, choices=tuple(MEASURES), listed=True, required=True
)
BY: Final = Parameter("by", "What it is counted by; up to three, of which one is a date.", True, tuple(DIMENSIONS), listed=True)
SORT: Final = Parameter("sort", "The measure or dimension to sort by, out of those asked for; the first measure unless set.")
LIMIT: Final = Parameter("limit", f"How many rows, at most {MOST_ROWS:,}.", default="100", kind="whole number", most=MOST_ROWS)


class CustomRow(BaseModel):
    """One combination of the dimensions."""

    by: dict[str, str | None]
    """Dimension -> what these enrollments have there."""
    values: dict[str, int | Rate]
    """Measure -> what was counted."""


class Custom(BaseModel):
    """Measures by dimensions."""

    filters: dict[str, list[str] | str]
    basis: Basis
    opens: Opens
    time_zone: str
    groups: int
    """How many rows there are before the limit."""
    rows: list[CustomRow]
    totals: dict[str, int | Rate]
    """Counted over the scope as a whole; distinct contacts of several rows are not more than they are."""
    as_of: AsOf


class Options(NamedTuple):
    """What is counted, by what, and how it is shown."""

    measures: tuple[str, ...]
    by: tuple[str, ...]
    basis: Basis
    opens: Opens
    week_start: WeekStart
    sort: str
    order: Order
    limit: int


def read(query: Query) -> Options:
    given = query.given
    measures, by = parameters.listed(given, MEASURE), parameters.listed(given, BY)
    if not measures:
        raise ParameterError(MEASURE.name, f"is needed; give at least one of {', '.join(MEASURES)}")
    if len(by) > MOST_DIMENSIONS:
        raise ParameterError(BY.name, f"can be given up to {MOST_DIMENSIONS} dimensions, not {len(by)}")
    periods = [name for name in by if name in PERIODS]
    if len(periods) > 1:
        raise ParameterError(BY.name, f"{' and '.join(periods)} are both dates of the start; choose one of them")
    sort = parameters.single(given, SORT.name) or measures[0]
    if sort not in (*measures, *by):
        raise ParameterError(SORT.name, f"{sort!r} is not among what is asked for; choose one of {', '.join((*measures, *by))}")
    return Options(
        measures,
        by,
        parameters.basis(given),
        parameters.opens(given),
        parameters.week_start(given),
        sort,
        parameters.order(given),
        parameters.whole(given, LIMIT),
    )


def custom(request: Request, options: Options) -> Custom:
    shared, messages = SharedLists(), options.basis == "messages"
    snapshot = request.reader.rows(request.account, *([shared] if messages else []))
    rows = snapshot.table.rows()
    found = SharedMessages.read(snapshot.reading[shared], rows) if messages else None
    scope = request.filters.scope(rows, request.time_zone)
    groups = Breakdown(scope, options.by, request.time_zone, week_start=options.week_start, shared=found)
    whole = groups if not options.by else Breakdown(scope, (), request.time_zone, shared=found)
    size = len(groups) if options.by else 1  # without dimensions there is one row, even of nothing
    counted = _counted_all(groups, options)
    return Custom(
        filters=request.filters.echo(),
        basis=options.basis,
        opens=options.opens,
        time_zone=request.time_zone,
        groups=size,
        rows=[
            CustomRow(by=_labels(groups, group, options), values=_values(counted, group, options))
            for group in _first_groups(groups, size, options)
        ],
        totals=_values(_counted_all(whole, options), 0, options),
        as_of=as_of(snapshot.reading, request.ends),
    )


def _labels(groups: Breakdown, group: int, options: Options) -> dict[str, str | None]:
    return dict(zip(options.by, groups.labels(group), strict=True)) if options.by else {}


def _values(counted: Mapping[str, tuple[Numbers, Numbers | None]], group: int, options: Options) -> dict[str, int | Rate]:
    values: dict[str, int | Rate] = {}
    for name, (numerator, denominator) in counted.items():
        number = int(numerator[group])
        values[name] = number if denominator is None else rate(number, int(denominator[group]), options.basis)
    return values


def _counted_all(groups: Breakdown, options: Options) -> dict[str, tuple[Numbers, Numbers | None]]:
    return {name: _counted(groups, name, options) for name in options.measures}


def _counted(groups: Breakdown, measure: str, options: Options) -> tuple[Numbers, Numbers | None]:
    """For each group the number; of a rate the numerator and the denominator."""
    made_of = MEASURES[measure].made_of(options.basis, options.opens)
    nothing = np.zeros(max(1, len(groups)), dtype=np.int64)
    if isinstance(made_of, Fraction):
        return add(made_of.numerator, groups.recount.numbers, nothing), add(made_of.denominator, groups.recount.numbers, nothing)
    return add(made_of, groups.recount.numbers, nothing), None


def _first_groups(groups: Breakdown, size: int, options: Options) -> Iterable[int]:
    """The groups to show, in order: as asked for, and then by their labels, nulls last."""
    if not options.by:
        return [0]
    descending = options.order == "desc"
    if options.sort in options.by:
        shown = np.arange(size)
        ranks, nulls = groups.ranks(options.by.index(options.sort), shown)
        values = np.where(nulls, len(ranks), -ranks if descending else ranks)
    else:
        values = _sortable(*_counted(groups, options.sort, options), descending)[:size]
        # Labels are made only of the groups that may be shown: those that no more than `limit` others come before.
        last = np.partition(values, options.limit - 1)[options.limit - 1] if size > options.limit else np.inf
        shown = np.flatnonzero(values <= last)
        values = values[shown]
    labels = [groups.ranks(dimension, shown)[0] for dimension in range(len(options.by))]
    order = np.lexsort((*reversed(labels), values))
    return map(int, shown[order[: options.limit]])


def _sortable(numerator: Numbers, denominator: Numbers | None, descending: bool) -> Column:
    """Numbers that sort ascending as the rows are to stand; 0/0 as infinity, last in either direction."""
    if denominator is None:
        return numerator.astype(np.float64) * (-1 if descending else 1)
    values = np.full(len(numerator), np.inf)
    np.divide(numerator, denominator, out=values, where=denominator != 0)
    return np.where(np.isinf(values), values, -values) if descending else values
