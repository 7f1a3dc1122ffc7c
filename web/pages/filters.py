"""The filter bar: what is asked for, what else could be asked for, and where each change leads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, NamedTuple

from projections.reports import ParameterError
from projections.reports.filters import FILTERS
from projections.reports.parameters import BASIS, OPENS, TIME_ZONE, Given, Parameter, check_names
from web.pages import formats, links
from web.pages.called import NO_NAMES, NO_WORDS, Words

FIELDS: Final[Mapping[str, str]] = {
    "sequence": "Sequence",
    "company": "Company",
    "enrolled_by": "Enrolled by",
    "team": "Team",
    "variant": "Variant",
}
"""Filter -> what it is called; those that the bar can set by choosing."""
DIMENSIONS: Final[Mapping[str, str]] = {
    "sequence": "sequence",
    "company": "company",
    "enrolled_by": "user",
    "team": "team",
    "variant": "variant",
}
"""Filter -> what the report `custom` calls it."""
COMMON: Final = (*FILTERS, OPENS, TIME_ZONE)
"""What every report can be asked with."""
_CHIPS: Final[Mapping[str, str]] = {**FIELDS, "status": "Status", "step": "Current step", "time_zone": "Time zone"}
_DATES: Final = ("enrolled_from", "enrolled_to")


class Value(NamedTuple):
    """A value of a filter: how many enrollments have it, and what people call it."""

    value: str
    started: int
    name: str | None = None


Known = Mapping[str, Sequence[Value]]
"""Filter -> values of it, most enrollments first."""


class Choice(NamedTuple):
    """A value that can be ticked."""

    value: str
    label: str
    started: int | None
    chosen: bool


class Field(NamedTuple):
    """One filter of the bar."""

    name: str
    label: str
    choices: list[Choice]
    chosen: list[str]
    """The labels of those that are."""


class Chip(NamedTuple):
    """A value that is set; `href` leads to the page without it."""

    label: str
    value: str
    href: str


class Option(NamedTuple):
    """One of several ways to look at it; `href` leads there."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """The filter bar of one page."""

    fields: list[Field]
    chips: list[Chip]
    presets: list[Option]
    first: str
    """The value of enrolled_from; "" if it is not set. Likewise of enrolled_to."""
    last: str
    dates: str
    """Both in words."""
    any_time: str
    """Leads to the page without either."""
    hidden: list[tuple[str, str]]
    """Parameters that the form carries along."""
    opens: list[Option]
    """[] where the page has none; likewise basis."""
    basis: list[Option]
    zone: str
    reset: str
    """Leads to the page without filters."""


def check(given: Given, *own: Parameter, without: Collection[str] = ()) -> None:
    """Raises `ParameterError` for a parameter that a page with a filter bar does not have; `own` are those that it has besides."""
    check_names(given, [parameter for parameter in (*COMMON, *own) if parameter.name not in without])


def common(given: Given) -> dict[str, list[str]]:
    """Those of the parameters that say which enrollments are meant, and how they are looked at: they go along to other pages."""
    names = {parameter.name for parameter in COMMON} | {BASIS.name}
    return {name: list(values) for name, values in given.items() if name in names}


def filtered(given: Given) -> bool:
    """Whether the parameters make other numbers than those that are pushed to live pages."""
    return any(given.get(parameter.name) for parameter in FILTERS) or OPENS.name in given or BASIS.name in given


def bar(given: Given, known: Known, *, zone: str, today: date, fields: Sequence[str], basis: bool = False, words: Words = NO_WORDS) -> Bar:
    """The bar for parameters that have been checked. `known` are values to offer; those that are set are offered in any case."""
    called = {name: {one.value: one.name for one in values if one.name} for name, values in known.items()} | dict(words)
    return Bar(
        fields=[_field(name, given, known.get(name, ()), called.get(name, NO_NAMES)) for name in fields],
        chips=[
            Chip(label, called.get(name, NO_NAMES).get(value, value), links.without(given, name, value))
            for name, label in _CHIPS.items()
            for value in given.get(name, ())
        ],
        presets=_presets(given, today),
        first=_only(given, "enrolled_from"),
        last=_only(given, "enrolled_to"),
        dates=_dates(given),
        any_time=links.same(given, enrolled_from=None, enrolled_to=None),
        hidden=[(name, value) for name, values in given.items() if name not in (*fields, *_DATES) for value in values],
        opens=options(given, OPENS.name, {"human": "People", "all": "People and machines"}),
        basis=options(given, BASIS.name, {"contacts": "Contacts", "enrollments": "Enrollments", "messages": "Messages"}) if basis else [],
        zone=zone,
        reset=links.same(given, **dict.fromkeys((parameter.name for parameter in FILTERS), None)),
    )


def _only(given: Given, name: str) -> str:
    return next(iter(given.get(name, ())), "")


def _field(name: str, given: Given, known: Sequence[Value], called: Mapping[str, str]) -> Field:
    chosen = list(given.get(name, ()))
    counts = {one.value: one.started for one in known}
    choices = [Choice(value, called.get(value, value), counts.get(value), value in chosen) for value in dict.fromkeys((*chosen, *counts))]
    return Field(name, FIELDS[name], choices, [choice.label for choice in choices if choice.chosen])


def options(given: Given, name: str, labels: Mapping[str, str]) -> list[Option]:
    """One for each choice of a parameter; the first is the default, and takes the parameter out of the address."""
    default = next(iter(labels))
    current = _only(given, name) or default
    hrefs = {value: links.same(given, **{name: None if value == default else value}) for value in labels}
    return [Option(label, hrefs[value], value == current) for value, label in labels.items()]


def _presets(given: Given, today: date) -> list[Option]:
    ranges: dict[str, tuple[date | None, date | None]] = {
        "7 days": (today - timedelta(days=6), today),
        "30 days": (today - timedelta(days=29), today),
        "90 days": (today - timedelta(days=89), today),
        "This month": (today.replace(day=1), today),
        "This quarter": (today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1), today),
        "All": (None, None),
    }
    now = (_only(given, "enrolled_from"), _only(given, "enrolled_to"))
    options = []
    for label, (first, last) in ranges.items():
        dates = tuple("" if one is None else one.isoformat() for one in (first, last))
        options.append(Option(label, links.same(given, enrolled_from=dates[0] or None, enrolled_to=dates[1] or None), now == dates))
    return options


def _dates(given: Given) -> str:
    """The dates that are set, in words."""
    first, last = _only(given, "enrolled_from"), _only(given, "enrolled_to")
    if first and last:
        return f"{formats.day(first)} – {formats.day(last)}"
    return f"from {formats.day(first)}" if first else f"until {formats.day(last)}" if last else "any time"


def one_of(given: Given, name: str, choices: Sequence[str]) -> str:
    """The value of a page's own parameter, the first choice unless it is set. Raises `ParameterError`."""
    value = _only(given, name) or choices[0]
    if value not in choices:
        raise ParameterError(name, f"{value!r} is not allowed; choose one of {', '.join(choices)}")
    return value
