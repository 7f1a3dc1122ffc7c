"""What can be counted of any group: the measures of the report `custom`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from projections.meaning import FLAGS, OUTCOMES, SENTIMENTS, TOTALS
from projections.reports.parameters import Basis, Opens
from projections.reports.rates import RATES, STARTED, STATUSES_LIVE, Fraction, Sum, adjusted_open, flag, fraction


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: `made_of` says of which counters, a Sum for a number, a Fraction for a rate."""

    name: str
    made_of: Callable[[Basis, Opens], Sum | Fraction]


def _number(name: str, *plus: str, minus: tuple[str, ...] = ()) -> Measure:
    return Measure(name, lambda _basis, _opens: Sum(plus, minus))


def _flag(name: str) -> Measure:
    return Measure(name, lambda _basis, opens: Sum((f"enrollments.{flag(name, opens)}",)))


def _rate(name: str) -> Measure:
    return Measure(f"{name}_rate", lambda basis, opens: fraction(name, basis, opens))


MEASURES: Final[Mapping[str, Measure]] = {
    one.name: one
    for one in (
        Measure("started", lambda _basis, _opens: STARTED),
        _number("contacts", "contacts.all"),
        _number("live", *(f"status.{status}" for status in STATUSES_LIVE)),
        *map(_flag, (*FLAGS, "engaged")),
        *map(_rate, RATES),
        Measure("adjusted_open_rate", lambda basis, _opens: adjusted_open(basis)),
        *(_number(name, f"total.{name}") for name in TOTALS),
        *(_number(f"replies_{name}", f"replies.{name}") for name in SENTIMENTS),
        _number("replies_unknown", "total.replies", minus=tuple(f"replies.{name}" for name in SENTIMENTS)),
        *(_number(f"outcome_{name}", f"outcome.{name}") for name in OUTCOMES),
    )
}
