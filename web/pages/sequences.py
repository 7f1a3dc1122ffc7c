"""The page *Sequences*: all of them, one line each."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from fastapi import FastAPI

from projections.reports.custom import MOST_ROWS
from projections.reports.parameters import ORDER, TIME_ZONE, Parameter, check_names, choice, order, time_zone, whole
from projections.reports.sequences import SORT, SequenceLine
from web.pages import formats, links
from web.pages.filters import Option
from web.pages.site import Page, Site, Visit

_SEARCH: Final = Parameter("q", "A part of the name or of the id.")
_ARCHIVED: Final = Parameter("archived", "Whether archived sequences are shown too.", choices=("hide", "show"), default="hide")
_PAGE: Final = Parameter("page", "Which page.", default="1", kind="whole number", most=100_000)
_LINES: Final = 100
"""Sequences on one page."""
_WEEKS: Final = 12


class Row(NamedTuple):
    """A sequence, and how many enrollments started in each of the last weeks."""

    line: SequenceLine
    weeks: list[int]


def add(app: FastAPI, site: Site) -> None:
    """Add the page."""
    site.add(app, "/sequences", _sequences, section="sequences")


async def _sequences(visit: Visit) -> Page:
    given = visit.given
    check_names(given, (_SEARCH, _ARCHIVED, SORT, ORDER, _PAGE, TIME_ZONE))
    archived, page = choice(given, _ARCHIVED), whole(given, _PAGE)
    asked = {name: values for name, values in given.items() if name in (SORT.name, ORDER.name, TIME_ZONE.name)}
    zone = time_zone(given, visit.zone)
    (found,) = await visit.answers(visit.ask("sequences", given=asked))
    lines = _wanted(found.sequences, " ".join(given.get("q", ())), archived=archived == "show")
    shown = lines[(page - 1) * _LINES : page * _LINES]
    weeks = _last_weeks(formats.today(zone))
    counted = await _started(visit, [line.sequence_id for line in shown], weeks[0], zone)
    return Page(
        "sequences.html",
        {
            "given": given,
            "zone": zone,
            "rows": [Row(line, [counted.get((line.sequence_id, week), 0) for week in weeks]) for line in shown],
            "total": len(lines),
            "first": (page - 1) * _LINES + 1,
            "all": len(found.sequences),
            "search": " ".join(given.get("q", ())),
            "sort": choice(given, SORT),
            "order": order(given),
            "archived": [
                Option("Hide", links.same(given, archived=None, page=None), archived == "hide"),
                Option("Show", links.same(given, archived="show", page=None), archived == "show"),
            ],
            "earlier": None if page == 1 else links.same(given, page=None if page == 2 else str(page - 1)),
            "later": None if page * _LINES >= len(lines) else links.same(given, page=str(page + 1)),
            "as_of": found.as_of,
        },
    )


async def _started(visit: Visit, sequences: Sequence[str], since: str, zone: str) -> dict[tuple[str, str], int]:
    """(sequence id, first day of the week) -> enrollments that started then. Raises `StoreError`, `Busy`."""
    if not sequences:  # without any, the report would be about all of them
        return {}
    asked = {"measure": "started", "by": "sequence,week", "limit": str(MOST_ROWS), "enrolled_from": since, "time_zone": zone}
    (found,) = await visit.answers(visit.ask("custom", given=links.changed({"sequence": sequences}, **asked)))
    return {(row.by["sequence"], row.by["week"]): row.values["started"] for row in found.rows}


def _wanted(lines: Sequence[SequenceLine], text: str, *, archived: bool) -> list[SequenceLine]:
    """Those that have the text in their name or id."""
    sought = text.casefold().strip()
    return [
        line
        for line in lines
        if (archived or not line.archived) and (sought in (line.name or "").casefold() or sought in line.sequence_id.casefold())
    ]


def _last_weeks(today: date) -> list[str]:
    """The first days of the last weeks, this one included."""
    monday = today - timedelta(days=today.weekday())
    return [(monday - timedelta(weeks=_WEEKS - 1 - week)).isoformat() for week in range(_WEEKS)]
