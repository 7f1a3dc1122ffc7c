"""The filters of every report: which enrollments it speaks of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from projections import meaning
from projections.meaning import REASONS, STATUSES
from projections.reports import parameters
from projections.reports.errors import ParameterError
from projections.reports.parameters import Given, Parameter
from projections.reports.scope import Scope
from projections.reports.time_zone import start_days
from projections.rows import Column, Rows

_NAMED: Final = ("sequence", "company", "enrolled_by", "team", "variant")
"""The filters that enrollments which are not started obey too."""
_STATUSES: Final = (*STATUSES[meaning.FIRST_STARTED :], *(f"unenrolled:{reason}" for reason in REASONS[1:]))

STATUS: Final = Parameter("status", "Enrollments in this status, or unenrolled for this reason.", repeatable=True, choices=_STATUSES)
LISTED_STATUS: Final = replace(STATUS, choices=(*_STATUSES, STATUSES[meaning.SCHEDULED], STATUSES[meaning.CANCELED]))
"""For lists of enrollments, which show those that never started when they are asked for."""

FILTERS: Final = (
    Parameter("sequence", "Enrollments in this sequence.", repeatable=True, kind="id"),
    Parameter("company", "Enrollments of contacts of this company, as of their start.", repeatable=True, kind="id"),
    Parameter("enrolled_by", "Enrollments by this user.", repeatable=True, kind="id"),
    Parameter("team", "Enrollments by this team.", repeatable=True, kind="id"),
    Parameter("variant", "Enrollments in this variant.", repeatable=True, kind="id"),
    STATUS,
    Parameter("step", "Enrollments whose current step is this one.", repeatable=True, kind="id"),
    Parameter("enrolled_from", "Enrollments started on this day or later (YYYY-MM-DD in the time zone).", kind="date"),
    Parameter("enrolled_to", "Enrollments started on this day or earlier (YYYY-MM-DD in the time zone).", kind="date"),
)
assert len(STATUSES) * len(REASONS) <= 1 << 8, "a status and a reason together are one byte"
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters as they were set. () and None are not set."""

    sequence: tuple[str, ...] = ()
    company: tuple[str, ...] = ()
    enrolled_by: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    step: tuple[str, ...] = ()
    enrolled_from: date | None = None
    enrolled_to: date | None = None

    @classmethod
    def read(cls, given: Given, statuses: Sequence[str] = _STATUSES) -> "Filters":
        """The filters among the parameters; `statuses` are those that may be asked for. Raises `ParameterError`."""
        first, last = parameters.day(given, "enrolled_from"), parameters.day(given, "enrolled_to")
        if first is not None and last is not None and first > last:
            raise ParameterError("enrolled_from", f"{first} is after enrolled_to, {last}; give the earlier day first")
        for status in given.get("status", ()):
            if status not in statuses:
                raise ParameterError("status", f"{status!r} is not allowed; choose from {', '.join(statuses)}")
        return cls(
            sequence=parameters.ids(given, "sequence"),
            company=parameters.ids(given, "company"),
            enrolled_by=parameters.ids(given, "enrolled_by"),
            team=parameters.ids(given, "team"),
            variant=parameters.ids(given, "variant"),
            status=tuple(given.get("status", ())),
            step=parameters.ids(given, "step"),
            enrolled_from=first,
            enrolled_to=last,
        )

    def echo(self) -> dict[str, list[str] | str]:
        """What is set: lists of strings, and dates as strings."""
        echoed: dict[str, list[str] | str] = {}
        for parameter in FILTERS:
            value = getattr(self, parameter.name)
            if value:
                echoed[parameter.name] = value.isoformat() if isinstance(value, date) else list(value)
        return echoed

    def __bool__(self) -> bool:
        """Whether any is set."""
        return bool(self.echo())

    def scope(self, rows: Rows, zone: str) -> Scope:
        """The enrollments among the rows that pass."""
        named = self._named(rows)
        passing = named & (rows.column("status") >= meaning.FIRST_STARTED)
        if self.status:
            passing &= _has_status(rows, self.status)
        return Scope(rows, named, self._at_step_and_date(rows, passing, zone))

    def in_any_status(self, rows: Rows, zone: str) -> Column:
        """The positions of the enrollments that pass all filters but `status`, those that never started too, orphans not."""
        return self._at_step_and_date(rows, self._named(rows) & (rows.column("status") != meaning.ORPHAN), zone)

    def in_status(self, rows: Rows, positions: Column) -> Column:
        """Those of the positions that a list shows: in a status that was asked for, or started where none was."""
        asked = _has_status(rows, self.status) if self.status else rows.column("status") >= meaning.FIRST_STARTED
        return positions[asked.take(positions)]

    def _named(self, rows: Rows) -> Column:
        named: Column | None = None
        for name in _NAMED:
            values = getattr(self, name)
            if values:
                passing = _in_sequences(rows, values) if name == "sequence" else _any_of(rows, name, values)
                named = passing if named is None else named & passing
        return np.ones(len(rows), dtype=np.bool_) if named is None else named

    def _at_step_and_date(self, rows: Rows, passing: Column, zone: str) -> Column:
        """The positions of those that pass these filters too; what never started passes no date."""
        if self.step:
            passing = passing & _any_of(rows, "step", self.step)
        if self.enrolled_from is None and self.enrolled_to is None:
            return np.flatnonzero(passing)
        started = passing & (rows.column("status") >= meaning.FIRST_STARTED)
        days = start_days(rows, zone)
        if self.enrolled_from is not None:
            started &= days >= self.enrolled_from.toordinal() - _EPOCH_DAY
        if self.enrolled_to is not None:
            started &= days <= self.enrolled_to.toordinal() - _EPOCH_DAY
        return np.flatnonzero(started)


def _any_of(rows: Rows, column: str, values: Sequence[str]) -> Column:
    """Rows whose column is one of the ids; null is none of them."""
    names = rows.table.names
    wanted = [code for code in map(names.code, values) if code is not None]
    return _is_one_of(rows.column(column), wanted, len(names))


def _in_sequences(rows: Rows, values: Sequence[str]) -> Column:
    positions = {sequence: position for position, sequence in enumerate(rows.table.sequences)}
    return _is_one_of(rows.column("sequence"), [positions[value] for value in values if value in positions], len(positions))


def _is_one_of(column: Column, wanted: Sequence[int], size: int) -> Column:
    if len(wanted) == 1:
        return np.equal(column, wanted[0])
    allowed = np.zeros(size, dtype=np.bool_)
    allowed[list(wanted)] = True
    return allowed.take(column)


def _has_status(rows: Rows, values: Sequence[str]) -> Column:
    allowed = np.zeros((len(STATUSES), len(REASONS)), dtype=np.bool_)
    for value in values:
        status, _, reason = value.partition(":")
        allowed[STATUSES.index(status), REASONS.index(reason) if reason else slice(None)] = True
    return allowed.ravel().take(rows.column("status") * len(REASONS) + rows.column("reason"))
