"""The page of the report `custom`: anything counted by anything, put together by ticking."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from projections.reports import ParameterError
from projections.reports.custom import BY, LIMIT, MEASURE, MOST_DIMENSIONS, SORT
from projections.reports.dimensions import DIMENSIONS as KNOWN
from projections.reports.filters import FILTERS
from projections.reports.measures import MEASURES as COUNTED
from projections.reports.parameters import BASIS, ORDER, WEEK_START, Given, Parameter
from web.pages import filters, formats, links
from web.pages.called import Words, words_of
from web.pages.library import LIBRARY
from web.pages.report import FIELDS, ROWS
from web.pages.shown import Asked, Drawing, drawings
from web.pages.shown.words import DIMENSIONS, GROUPS, MEASURES
from web.pages.site import Page, Visit

assert {*MEASURES} == {*COUNTED}, "every measure has a name"
assert {*DIMENSIONS} == {*KNOWN}, "every dimension has a name"

EXAMPLES: Final[Mapping[str, dict[str, list[str]]]] = {
    "Reply and meeting rate by month": {"measure": ["reply_rate", "meeting_rate"], "by": ["month"]},
    "Meetings by user": {"measure": ["met", "meeting_rate", "started"], "by": ["user"], "sort": ["met"]},
    "Companies that answer": {"measure": ["replied", "reply_rate", "contacts"], "by": ["company"], "limit": ["20"]},
    "Enrollments by week and team": {"measure": ["started"], "by": ["week", "team"], "limit": ["1000"]},
}
"""To start from."""
_FORM: Final = (MEASURE, BY, SORT, ORDER, LIMIT, WEEK_START)
"""What the form has fields for; the filter bar has the others."""
_LABELS: Final = {
    MEASURE.name: "Count",
    BY.name: "By",
    SORT.name: "Sorted by",
    ORDER.name: "Order",
    LIMIT.name: "At most",
    WEEK_START.name: "Weeks begin on",
}
"""What the fields are called."""
_WEEKS: Final = {"": "Monday", "sunday": "Sunday"}
_ORDERS: Final = {"": "Greatest first", "asc": "Smallest first"}


class Choice(NamedTuple):
    """A value that can be chosen."""

    value: str
    label: str
    chosen: bool


class Group(NamedTuple):
    """Measures of one kind."""

    label: str
    choices: list[Choice]
    chosen: int


class Form(NamedTuple):
    """The form as it was sent."""

    groups: list[Group]
    by: list[list[Choice]]
    """Of each of the dimensions."""
    sort: list[Choice]
    order: list[Choice]
    limit: str
    week_start: list[Choice]
    """[] where there are no weeks."""
    hidden: list[tuple[str, str]]
    errors: dict[str, str]
    """Field -> what is wrong with it."""
    labels: Mapping[str, str]
    """Field -> what it is called."""


async def make(visit: Visit) -> Page:
    """The page: the form, and below it what it asks for. Raises `ParameterError` for what the form has no field for."""
    given = visit.given
    filters.check(given, BASIS, *_FORM)
    errors = _errors(visit, given)
    has_measures = bool(given.get(MEASURE.name))
    made, as_of = [], None
    if has_measures and not errors:
        found, words = await _answers(visit, given)
        made = [_first_rows(one) for one in drawings(Asked("custom", None, given, visit.zone, words=words), found)]
        as_of = found.as_of
    known = await visit.choices(list(FIELDS))
    return Page(
        "custom.html",
        {
            "entry": LIBRARY["custom"],
            "given": given,
            "zone": visit.zone,
            "bar": filters.bar(given, known, zone=visit.zone, today=formats.today(visit.zone), fields=FIELDS, basis=True),
            "form": _form(given, errors),
            "examples": EXAMPLES,
            "drawings": made,
            "has_measures": has_measures,
            "filtered": any(given.get(parameter.name) for parameter in FILTERS),
            "sort": next(iter(given.get(SORT.name, ())), None) or next(iter(_values(given, MEASURE)), None),
            "order": next(iter(given.get(ORDER.name, ())), "desc"),
            "card": links.new_card("custom", None, given),
            "as_of": as_of,
        },
        HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK,
    )


def _first_rows(drawing: Drawing) -> Drawing:
    """As many rows as people look at; a line is not cut."""
    if drawing.chart == "line" or len(drawing.rows) <= ROWS:
        return drawing
    note = f"The first {ROWS} of {formats.number(len(drawing.rows))} rows; the file has all of them."
    return replace(drawing, rows=drawing.rows[:ROWS], notes=[*drawing.notes, note])


def _errors(visit: Visit, given: Given) -> dict[str, str]:
    """Field -> what is wrong with it. Raises `ParameterError` for anything else."""
    left: Given = given
    errors: dict[str, str] = {}
    while True:
        # A form that is not filled in yet is no mistake.
        asked = left if left.get(MEASURE.name) else links.changed(left, measure="started", sort=None)
        try:
            visit.ask("custom", given=asked)()
        except ParameterError as error:
            if error.parameter not in {parameter.name for parameter in _FORM}:
                raise
            errors[error.parameter] = error.message
            left = links.changed(left, **{error.parameter: None})
        else:
            return errors


async def _answers(visit: Visit, given: Given) -> tuple[Any, Words]:
    """The report, and what people call the sequences and companies that it tells of."""
    (found,) = await visit.answers(visit.ask("custom", given=given))
    return found, await words_of(visit.site.answers, visit.account, found)


def _form(given: Given, errors: dict[str, str]) -> Form:
    measures, by = _values(given, MEASURE), _values(given, BY)
    sort = next(iter(given.get(SORT.name, ())), "")
    sorts = {"": "The first measure", **{name: MEASURES.get(name) or DIMENSIONS.get(name, name) for name in (*measures, *by)}}
    return Form(
        groups=[_group(label, choices, measures) for label, choices in GROUPS.items()],
        by=[_choices({"": "–", **DIMENSIONS}, (*by, "", "", "")[place]) for place in range(max(MOST_DIMENSIONS, len(by)))],
        sort=_choices(sorts if sort in sorts else {**sorts, sort: sort}, sort),
        order=_choices(_ORDERS, next(iter(given.get(ORDER.name, ())), "")),
        limit=" ".join(given.get(LIMIT.name, ())),
        week_start=_choices(_WEEKS, next(iter(given.get(WEEK_START.name, ())), "")) if "week" in by or WEEK_START.name in given else [],
        hidden=[(name, value) for name, values in given.items() if all(name != one.name for one in _FORM) for value in values],
        errors=errors,
        labels=_LABELS,
    )


def _group(label: str, labels: Mapping[str, str], measures: Sequence[str]) -> Group:
    choices = [Choice(name, called, name in measures) for name, called in labels.items()]
    return Group(label, choices, sum(choice.chosen for choice in choices))


def _choices(labels: Mapping[str, str], chosen: str) -> list[Choice]:
    return [Choice(value, label, value == chosen) for value, label in labels.items()]


def _values(given: Given, parameter: Parameter) -> list[str]:
    """The values of a parameter, those divided by commas too, each once, right or wrong."""
    return list(dict.fromkeys(part.strip() for value in given.get(parameter.name, ()) for part in value.split(",")))
