"""The page *Sequence > Enrollments*: who is in a sequence, how they stand, and what can be done with them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import FastAPI

from projections.reports import REPORTS
from projections.reports.cell import CELL
from projections.reports.cursor import CURSOR
from projections.reports.enrollments import Enrollments
from projections.reports.filters import FILTERS, STATUS
from projections.reports.page import LARGEST, LIMIT
from projections.reports.parameters import Given
from web.pages import filters, formats, links
from web.pages.filters import Bar, Chip, Option
from web.pages.listed import lines, may_act, status_words
from web.pages.performance import FIELDS
from web.pages.rail import rail
from web.pages.site import Page, Site, Visit
from web.pages.step_names import StepNames, names

LIMITS: Final = ("50", "100", "500")
_BEHIND: Final = {
    "executed": "executed",
    "skipped": "skipped",
    "open": "opened at",
    "click": "clicked at",
    "reply": "replied at",
    "meeting": "met at",
    "bounce": "bounced at",
}
_STATUSES: Final = next(parameter.choices for parameter in REPORTS["enrollments"].parameters if parameter.name == STATUS.name)


def add(app: FastAPI, site: Site) -> None:
    """Add the page."""
    # An id may have slashes in it.
    site.add(app, "/enrollments/{sequence_id:path}", _enrollments, section="sequences")


async def _enrollments(visit: Visit) -> Page:
    given, sequence = visit.given, visit.subject("sequence_id")
    # Another sequence than that of the path would leave nothing.
    filters.check(given, CELL, LIMIT, CURSOR, without={"sequence"})
    found: Enrollments
    found, whole, steps = await visit.answers(
        visit.ask("enrollments", given=links.changed(given, sequence=sequence)),
        visit.ask("performance", sequence),
        visit.ask("steps", sequence),
    )
    known = await visit.choices(list(FIELDS), sequence)
    called = names(steps)
    here = links.changed(given, cursor=None)
    words = {"status": {status: status_words(status) for status in _STATUSES}, "step": {step: name for (_, step), name in called.items()}}
    bar = filters.bar(here, known, zone=visit.zone, today=formats.today(visit.zone), fields=FIELDS, words=words)
    return Page(
        "enrollments.html",
        {
            "sequence": sequence,
            "name": whole.name or sequence,
            "common": _common(given),
            "zone": visit.zone,
            "bar": _with_cell(bar, here, called, sequence),
            "found": found,
            "lines": lines(found.enrollments, called),
            "rail": rail(found, here),
            "filtered": any(name in given for name in (*(parameter.name for parameter in FILTERS), CELL.name)),
            "scheduled": whole.enrollments.scheduled,
            "limits": limits(here),
            "first": links.same(here) if CURSOR.name in given else None,
            "next": None if found.next is None else links.same(given, cursor=found.next),
            "csv": links.csv("enrollments", None, here, sequence=sequence, limit=str(LARGEST)),
            "most": LARGEST,
            "acting": may_act(visit),
            "as_of": found.as_of,
        },
    )


def limits(given: Given) -> list[Option]:
    """How many rows a page can have. `given` without a cursor."""
    current = next(iter(given.get(LIMIT.name, ())), LIMIT.default)
    return [Option(size, links.same(given, limit=None if size == LIMIT.default else size), size == current) for size in LIMITS]


def _common(given: Given) -> Mapping[str, list[str]]:
    """What goes along to the other pages of the sequence, which know only of what has started."""
    return links.changed(filters.common(given), status=[status for status in given.get("status", ()) if status in STATUS.choices])


def _with_cell(bar: Bar, given: Given, called: StepNames, sequence: str) -> Bar:
    """The bar with a chip for the number of the steps that the list is behind. Whose opens count matters to such a number alone."""
    text = next(iter(given.get(CELL.name, ())), None)
    if text is None:
        return replace(bar, opens=[])
    kind, _, step = text.partition(":")
    told = f"{_BEHIND[kind]} {called.get((sequence, step), step)}" if step else "no step yet"
    return replace(
        bar,
        chips=[Chip("Behind", told, links.same(given, cell=None)), *bar.chips],
        reset=links.same(given, **dict.fromkeys((parameter.name for parameter in FILTERS), None), cell=None),
    )
