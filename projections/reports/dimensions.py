"""What enrollments can be grouped by: for each row a code, and for each code what people call it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from projections.meaning import OUTCOMES, STATUSES
from projections.reports.parameters import WeekStart
from projections.reports.scope import Scope
from projections.reports.time_zone import start_days
from projections.rows import Column

Label = str | None
_EPOCH: Final = date(1970, 1, 1)  # a Thursday
_DAYS_INTO_WEEK: Final[Mapping[str, int]] = {"monday": 3, "sunday": 4}
"""How far into its week the first day of 1970 is."""


@dataclass(frozen=True, slots=True)
class Codes:
    """One dimension of a scope."""

    of_started: Column
    """For each started enrollment in scope a code; not negative."""
    label: Callable[[int], Label]
    """Code -> what it stands for; null where the enrollment has none."""


def codes(name: str, scope: Scope, zone: str, week_start: WeekStart = "monday") -> Codes:
    """The dimension `name`, one of DIMENSIONS. Raises KeyError."""
    return DIMENSIONS[name](scope, zone, week_start)


def _sequence(scope: Scope, _zone: str, _week: WeekStart) -> Codes:
    return Codes(scope.column("sequence"), scope.rows.table.sequences.__getitem__)


def _named(column: str) -> "_Dimension":
    def named(scope: Scope, _zone: str, _week: WeekStart) -> Codes:
        names = scope.rows.table.names
        return Codes(scope.column(column), lambda code: names.text(code) if code else None)

    return named


def _word(column: str, words: tuple[str, ...]) -> "_Dimension":
    return lambda scope, _zone, _week: Codes(scope.column(column), words.__getitem__)


def _days(scope: Scope, zone: str) -> Column:
    """The local date of the start, in days since 1970."""
    return start_days(scope.rows, zone).take(scope.started)


def _day(scope: Scope, zone: str, week: WeekStart) -> Codes:
    return Codes(_days(scope, zone), lambda code: period_label("day", code, week))


def _week(scope: Scope, zone: str, week: WeekStart) -> Codes:
    return Codes((_days(scope, zone) + _DAYS_INTO_WEEK[week]) // 7, lambda code: period_label("week", code, week))


def _month(scope: Scope, zone: str, week: WeekStart) -> Codes:
    days = _days(scope, zone).astype("datetime64[D]")
    return Codes(days.astype("datetime64[M]").astype(np.int64), lambda code: period_label("month", code, week))


def period_label(period: str, code: int, week: WeekStart) -> str:
    """What a day, week (named by its first day) or month is called."""
    if period == "month":
        return f"{1970 + code // 12:04}-{code % 12 + 1:02}"
    return (_EPOCH + timedelta(days=code if period == "day" else 7 * code - _DAYS_INTO_WEEK[week])).isoformat()


_Dimension = Callable[[Scope, str, WeekStart], Codes]
PERIODS: Final = ("day", "week", "month")
DIMENSIONS: Final[Mapping[str, _Dimension]] = {
    "sequence": _sequence,
    "step": _named("step"),
    "user": _named("enrolled_by"),
    "team": _named("team"),
    "company": _named("company"),
    "variant": _named("variant"),
    "status": _word("status", STATUSES),
    "outcome": _word("outcome", OUTCOMES),
    "day": _day,
    "week": _week,
    "month": _month,
}
