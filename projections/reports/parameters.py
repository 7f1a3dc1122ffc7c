"""The parameters that a report can be asked with: what they are called, what they mean, and how their text is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, cast, get_args

from events.envelope import MAX_ID, has_control_character
from projections.reports.errors import ParameterError
from projections.reports.time_zone import check_zone

Given = Mapping[str, Sequence[str]]
"""Parameter -> the values it was given, as text."""
Basis = Literal["contacts", "enrollments", "messages"]
Opens = Literal["human", "all"]
Order = Literal["asc", "desc"]
WeekStart = Literal["monday", "sunday"]
Kind = Literal["text", "id", "date", "whole number"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, for command lines and HTTP alike. Names have underscores; a command line writes hyphens."""

    name: str
    description: str
    repeatable: bool = False
    """Several values mean any of them."""
    choices: tuple[str, ...] = ()
    """The values that are allowed; () if they are free."""
    default: str | None = None
    listed: bool = False
    """A value may be several, divided by commas."""
    kind: Kind = "text"
    """What the text of a value has to be."""
    required: bool = False
    """A report cannot be asked without it."""
    most: int | None = None
    """The greatest whole number that is allowed; the least is 1."""


BASIS: Final = Parameter("basis", "What the rates count.", choices=get_args(Basis), default="contacts")
OPENS: Final = Parameter("opens", "Whether opens and clicks of machines count as well.", choices=get_args(Opens), default="human")
ORDER: Final = Parameter("order", "Which end of the column comes first.", choices=get_args(Order), default="desc")
WEEK_START: Final = Parameter("week_start", "The day on which weeks begin.", choices=get_args(WeekStart), default="monday")
TIME_ZONE: Final = Parameter("time_zone", "The time zone of dates, for this report alone.")


def check_names(given: Given, allowed: Sequence[Parameter]) -> None:
    """Raises `ParameterError` for a parameter that the report does not have."""
    for name in given:
        if all(name != parameter.name for parameter in allowed):
            raise ParameterError(name, f"is no parameter of this report; it has {', '.join(parameter.name for parameter in allowed)}")


def check_choices(given: Given, allowed: Sequence[Parameter]) -> None:
    """Raises `ParameterError` for a value that is none of the choices of its parameter, whether the report looks at it or not."""
    for parameter in allowed:
        if parameter.choices and not parameter.repeatable and not parameter.listed and given.get(parameter.name):
            choice(given, parameter)


def single(given: Given, name: str) -> str | None:
    """The one value of a parameter; None if it is not set. Raises `ParameterError` for several."""
    values = given.get(name, ())
    if len(values) > 1:
        raise ParameterError(name, f"can be given once, not {len(values)} times")
    return values[0] if values else None


def choice(given: Given, parameter: Parameter) -> str:
    """The one value out of the parameter's choices, or its default. Raises `ParameterError`."""
    value = single(given, parameter.name)
    if value is None:
        assert parameter.default is not None, f"{parameter.name} has choices and no default"
        return parameter.default
    if value not in parameter.choices:
        raise ParameterError(parameter.name, f"{value!r} is not allowed; choose one of {', '.join(parameter.choices)}")
    return value


def basis(given: Given) -> Basis:
    return cast(Basis, choice(given, BASIS))


def opens(given: Given) -> Opens:
    return cast(Opens, choice(given, OPENS))


def order(given: Given) -> Order:
    return cast(Order, choice(given, ORDER))


def week_start(given: Given) -> WeekStart:
    return cast(WeekStart, choice(given, WEEK_START))


def listed(given: Given, parameter: Parameter) -> tuple[str, ...]:
    """The values of a parameter, those divided by commas too, each once. Raises `ParameterError` for one that is not among its choices."""
    values = [part.strip() for value in given.get(parameter.name, ()) for part in value.split(",")]
    for value in values:
        if value not in parameter.choices:
            raise ParameterError(parameter.name, f"{value!r} is not allowed; choose from {', '.join(parameter.choices)}")
    return tuple(dict.fromkeys(values))


def whole(given: Given, parameter: Parameter) -> int:
    """The one whole number of a parameter, or its default. Raises `ParameterError`."""
    text = single(given, parameter.name)
    if text is None:
        assert parameter.default is not None, f"{parameter.name} has no default"
        return int(parameter.default)
    most = parameter.most
    assert most is not None, f"{parameter.name} is no whole number"
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise ParameterError(parameter.name, f"{text!r} is not allowed; give a whole number from 1 to {most}")
    return int(text)


def time_zone(given: Given, default: str) -> str:
    """The zone of this report, else the default one. Raises `ParameterError`."""
    name = single(given, TIME_ZONE.name)
    return check_zone(TIME_ZONE.name, default if name is None else name)


def ids(given: Given, name: str) -> tuple[str, ...]:
    """The ids that a parameter was given. Raises `ParameterError` for what can be no id."""
    for value in given.get(name, ()):
        check_id(name, value)
    return tuple(given.get(name, ()))


def check_id(name: str, value: str) -> str:
    """The id itself. Raises `ParameterError` for what can be no id."""
    if not 1 <= len(value) <= MAX_ID or has_control_character(value):
        raise ParameterError(name, f"{value!r} is no id; an id has 1 to {MAX_ID} characters and no control characters")
    return value


def day(given: Given, name: str) -> date | None:
    """The date of a parameter; None if it is not set. Raises `ParameterError`."""
    text = single(given, name)
    if text is None:
        return None
    try:
        # fromisoformat alone also takes weeks (2026-W10-1) and dates without hyphens.
        if len(text) != len("2026-03-02") or text[4] != "-" or text[7] != "-" or not text.isascii():
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(name, f"{text!r} is no date; write a day of the calendar as YYYY-MM-DD, such as 2026-03-02") from None
