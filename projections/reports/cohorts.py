"""The reports `monthly` and `trend`: what became of those who started at one time, for each time from the first to the last."""

from collections import Counter
from typing import Final, Literal, NamedTuple, cast, get_args

from pydantic import BaseModel

from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.breakdown import Breakdown
from projections.reports.dimensions import period_label
from projections.reports.parameters import Opens, Parameter, WeekStart
from projections.reports.rates import Rate, flag, fraction, rate_of, started
from projections.reports.request import Query, Request
from projections.tables.parts import Counts
from projections.tables.reading import Reading

Interval = Literal["day", "week", "month"]
INTERVAL: Final = Parameter("interval", "How long the time of one point is.", choices=get_args(Interval), default="day")


class MonthRates(BaseModel):
    """Of the enrollments that started in the month."""

    open: Rate
    click: Rate
    reply: Rate
    meeting: Rate
    unsubscribe: Rate


class Month(BaseModel):
    """The enrollments that started in one month."""

    month: str
    """YYYY-MM."""
    enrollments: int
    contacts: int
    """Distinct ones."""
    rates: MonthRates


class Monthly(BaseModel):
    """Months from the first to the last in scope, empty ones included."""

    time_zone: str
    months: list[Month]
    as_of: AsOf


class Point(BaseModel):
    """The enrollments that started in one day, week or month."""

    start: str
    """Its first day, YYYY-MM-DD."""
    enrollments: int
    contacts: int
    """Distinct ones."""
    opened: int
    """Enrollments with an open; likewise the four below."""
    clicked: int
    replied: int
    met: int
    unsubscribed: int


class Trend(BaseModel):
    """Points from the first to the last in scope, empty ones included."""

    interval: Interval
    points: list[Point]
    as_of: AsOf


def read_monthly(query: Query) -> Opens:
    return parameters.opens(query.given)


def monthly(request: Request, opens: Opens) -> Monthly:
    reading, cohorts = _cohorts(request, "month", "monday")
    return Monthly(
        time_zone=request.time_zone,
        months=[
            Month(
                month=label,
                enrollments=started(counts),
                contacts=counts["contacts.all"],
                rates=MonthRates(
                    **{name: rate_of(counts, fraction(name, "enrollments", opens), "enrollments") for name in MonthRates.model_fields}
                ),
            )
            for label, counts in cohorts
        ],
        as_of=as_of(reading, request.ends),
    )


class TrendOptions(NamedTuple):
    """What a point is, and whose opens count."""

    interval: Interval
    week_start: WeekStart
    opens: Opens


def read_trend(query: Query) -> TrendOptions:
    given = query.given
    return TrendOptions(cast(Interval, parameters.choice(given, INTERVAL)), parameters.week_start(given), parameters.opens(given))


def trend(request: Request, options: TrendOptions) -> Trend:
    reading, cohorts = _cohorts(request, options.interval, options.week_start)
    flags = ("opened", "clicked", "replied", "met", "unsubscribed")
    return Trend(
        interval=options.interval,
        points=[
            Point(
                start=f"{label}-01" if options.interval == "month" else label,
                enrollments=started(counts),
                contacts=counts["contacts.all"],
                **{name: counts[f"enrollments.{flag(name, options.opens)}"] for name in flags},
            )
            for label, counts in cohorts
        ],
        as_of=as_of(reading, request.ends),
    )


def _cohorts(request: Request, interval: Interval, week_start: WeekStart) -> tuple[Reading, list[tuple[str, Counts]]]:
    """(the reading, for each time its label and its numbers)."""
    snapshot = request.reader.rows(request.account)
    scope = request.filters.scope(snapshot.table.rows(), request.time_zone)
    groups = Breakdown(scope, [interval], request.time_zone, week_start=week_start)
    there = {int(code): groups.counts(group) for group, code in enumerate(groups.code(0))}
    nothing: Counts = Counter()
    times = range(min(there), max(there) + 1) if there else ()
    return snapshot.reading, [(period_label(interval, time, week_start), there.get(time, nothing)) for time in times]
