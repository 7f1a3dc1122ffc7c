"""The page of one report of the library."""

from dataclasses import replace
from typing import Any, Final

from projections.reports import REPORTS, Report
from projections.reports.cohorts import INTERVAL
from projections.reports.filters import FILTERS
from projections.reports.parameters import BASIS, ORDER, WEEK_START, Given, Parameter, order, single, whole
from projections.reports.times import WAY
from projections.reports.variants import BASELINE, Variants
from web.pages import filters, formats, links
from web.pages.comparison import comparisons
from web.pages.filters import Option
from web.pages.library import LIBRARY
from web.pages.shown import Asked, Drawing, drawings
from web.pages.shown.histograms import TITLES
from web.pages.site import Page, Visit

FIELDS: Final = ("sequence", "company", "enrolled_by", "team", "variant")
_SUBJECT: Final = Parameter("sequence_id", "The sequence that the report is about; the one with most contacts unless set.", kind="id")
_PAGE: Final = Parameter("page", "Which page of the table.", default="1", kind="whole number", most=100_000)
ROWS: Final = 100
"""Of a table on one page."""
_MOST_OFFERED: Final = 20
_MOST_OPEN: Final = 2
"""Tables that are shown beside their charts from the start."""


async def make(visit: Visit, name: str) -> Page:
    """The page. Raises `ParameterError`, `NotFound`."""
    given, entry, report = visit.given, LIBRARY[name], REPORTS[name]
    own = [parameter for parameter in report.parameters if parameter not in filters.COMMON]
    is_about_one = report.subject is not None
    filters.check(given, *own, _PAGE, *([_SUBJECT] if is_about_one else []), without={"sequence"} if is_about_one else ())
    page = whole(given, _PAGE)
    asked = {parameter: values for parameter, values in given.items() if parameter not in (_SUBJECT.name, _PAGE.name)}
    sequences = await _sequences(visit) if is_about_one else {}
    subject = single(given, _SUBJECT.name) or next(iter(sequences), None)
    if is_about_one and subject is None:
        return Page("report_of_nothing.html", {"entry": entry})
    (found,) = await visit.answers(visit.ask(name, subject, asked))
    known = await visit.choices([field for field in FIELDS if field != "sequence" or not is_about_one], subject)
    bar = filters.bar(
        links.changed(given, page=None),
        known,
        zone=visit.zone,
        today=formats.today(visit.zone),
        fields=list(known),
        basis=BASIS in report.parameters,
    )
    question = Asked(name, subject, asked, visit.zone)
    made = drawings(question, found)
    rows = max((len(one.rows) for one in made if one.chart != "line"), default=0)
    return Page(
        "report.html",
        {
            "name": name,
            "entry": entry,
            "sentence": report.description,
            "given": given,
            "zone": visit.zone,
            "bar": bar if entry.counts_opens else replace(bar, opens=[]),
            "sequences": sequences,
            "subject": subject,
            "carried": [(parameter, value) for parameter, values in asked.items() for value in values],
            "ways": _ways(report, given, found),
            "drawings": [replace(_part(one, page), open=len(made) <= _MOST_OPEN) for one in made],
            "comparisons": comparisons(question, found) if isinstance(found, Variants) else [],
            "sort": _sort(report, given),
            "order": order(given) if ORDER in report.parameters else None,
            "card": links.new_card(name, subject, asked),
            "filtered": any(given.get(parameter.name) for parameter in FILTERS),
            "earlier": None if page == 1 else links.same(given, page=None if page == 2 else str(page - 1)),
            "later": None if page * ROWS >= rows else links.same(given, page=str(page + 1)),
            "first": (page - 1) * ROWS + 1,
            "last": min(page * ROWS, rows),
            "rows": rows,
            "as_of": found.as_of,
        },
    )


async def _sequences(visit: Visit) -> dict[str, str]:
    """The sequences with what people call them, most contacts first."""
    (found,) = await visit.answers(visit.ask("sequences"))
    return {line.sequence_id: line.name or line.sequence_id for line in found.sequences}


def _part(drawing: Drawing, page: int) -> Drawing:
    """The rows of one page; a line is not cut."""
    return drawing if drawing.chart == "line" else replace(drawing, rows=drawing.rows[(page - 1) * ROWS : page * ROWS])


def _sort(report: Report, given: Given) -> str | None:
    """The column that a report is sorted by, if it can be sorted."""
    parameter = next((one for one in report.parameters if one.name == "sort"), None)
    return None if parameter is None else single(given, parameter.name) or parameter.default


def _ways(report: Report, given: Given, answer: Any) -> list[tuple[str, list[Option]]]:
    """What can be chosen above the report, besides filters."""
    ways = []
    if INTERVAL in report.parameters:
        ways.append(("By", filters.options(given, INTERVAL.name, {"day": "Days", "week": "Weeks", "month": "Months"})))
    if WEEK_START in report.parameters and answer.interval == "week":
        ways.append(("Weeks begin on", filters.options(given, WEEK_START.name, {"monday": "Monday", "sunday": "Sunday"})))
    if BASELINE in report.parameters and len(answer.variants) > 1:
        offered = [one.variant for one in answer.variants[:_MOST_OFFERED]]
        ways.append(("Compared with", [Option(one, links.same(given, baseline=one), one == answer.baseline) for one in offered]))
    if WAY in report.parameters:
        ways.append(("Show", filters.options(given, WAY.name, {"": "All", **TITLES})))
    return ways
