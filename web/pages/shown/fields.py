"""The columns of the tables: where each number is in a line of a report, and how it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from web.pages import formats
from web.pages.shown.drawing import Cell, Column

Unit = Literal["number", "percent", "text"]
_NOTHING_TO_DIVIDE: Final = "nothing to divide by"


@dataclass(frozen=True, slots=True)
class Field:
    """One column."""

    label: str
    of: str | Callable[[Any], Any]
    """Where the value is in a line, such as `rates.open`; or what makes it of the line."""
    unit: Unit
    colour: str | None = None
    sort: str | None = None
    why: str = ""
    """Why there is no value where there is none."""

    def cell(self, line: Any) -> Cell:
        value = self._value(line)
        if value is None:
            return Cell(formats.NOTHING, why=self.why)
        if self.unit == "percent":
            return share(value)
        return Cell(str(value)) if self.unit == "text" else Cell(formats.number(value), value=str(value))

    def _value(self, line: Any) -> Any:
        if callable(self.of):
            return self.of(line)
        found = line
        for name in self.of.split("."):
            found = getattr(found, name, None)
        return found

    def column(self, colour: str | None = None) -> Column:
        return Column(self.label, self.unit != "text", colour or self.colour, self.sort)


def share(rate: Any) -> Cell:
    """A rate, with what it is made of."""
    if rate.value is None:
        return Cell(formats.NOTHING, below=parts(rate), why=_NOTHING_TO_DIVIDE)
    return Cell(formats.percent(rate.value), value=repr(rate.value), below=parts(rate))


def parts(rate: Any) -> str:
    return f"{formats.number(rate.numerator)} / {formats.number(rate.denominator)}"


def count(label: str, of: str | Callable[[Any], Any], colour: str | None = None, sort: str | None = None) -> Field:
    return Field(label, of, "number", colour, sort)


def rate(label: str, of: str, colour: str | None = None, sort: str | None = None, why: str = "") -> Field:
    return Field(label, of, "percent", colour, sort, why)


def text(label: str, of: str | Callable[[Any], Any], sort: str | None = None) -> Field:
    return Field(label, of, "text", sort=sort)
