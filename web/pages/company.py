"""The page of one company: its numbers, who works there, their enrollments, and what happened to them last."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fastapi import FastAPI

from projections.reports import NotFound
from projections.reports.cursor import CURSOR
from projections.reports.enrollment_row import EnrollmentRow
from projections.reports.enrollments import Enrollments
from projections.reports.page import LARGEST, LIMIT
from projections.reports.parameters import BASIS
from projections.reports.performance import Analyze
from web.pages import filters, formats, links
from web.pages.called import company_name
from web.pages.contact import EVERY_STATUS
from web.pages.enrollments import limits
from web.pages.lately import lately
from web.pages.listed import lines, may_act, sequences_of
from web.pages.meanings import RATES, STARTED, meaning
from web.pages.site import Page, Site, Visit
from web.pages.step_names import step_names

FIELDS: Final = ("sequence", "enrolled_by", "team", "variant")
TILES: Final = ("open", "click", "reply_to_sequence", "meeting", "no_response", "bounce")
"""Rates on top, besides the number of enrollments."""
COLUMNS: Final = ("open", "reply_to_sequence", "meeting")
"""Rates of each sequence."""
_PEOPLE: Final = 100
"""Contacts that are shown."""


class Person(NamedTuple):
    """A contact of the company, with what its enrollments come to."""

    contact_id: str
    name: str
    enrollments: int
    opens: int
    clicks: int
    replied: bool
    met: bool
    last_engaged_at: str | None


def add(app: FastAPI, site: Site) -> None:
    """Add the page."""
    # An id may have slashes in it.
    site.add(app, "/companies/{company_id:path}", _company, section="analyze")


async def _company(visit: Visit) -> Page:
    given, company = visit.given, visit.subject("company_id")
    # Another company than that of the path would leave nothing.
    filters.check(given, BASIS, LIMIT, CURSOR, without={"company"})
    common = filters.common(given)
    of_company = links.changed(common, company=company)
    everywhere = links.changed(of_company, basis=None)
    every = {"company": [company], "status": EVERY_STATUS, "limit": [str(LARGEST)]}
    numbers: Analyze
    known: Enrollments
    people: Enrollments
    found: Enrollments
    numbers, sequences, trend, known, people, found = await visit.answers(
        visit.ask("analyze", given=of_company),
        visit.ask("sequences", given=of_company),
        visit.ask("trend", given=links.changed(everywhere, interval="week")),
        visit.ask("enrollments", given=every),
        visit.ask("enrollments", given=links.changed(everywhere, limit=str(LARGEST))),
        visit.ask("enrollments", given=links.changed(everywhere, limit=given.get("limit"), cursor=given.get("cursor"))),
    )
    if not known.total:
        raise NotFound("company", company)
    everybody = _people(people.enrollments)
    story = await lately(visit, [person.contact_id for person in everybody])
    offered = await visit.choices(list(FIELDS))
    here = links.changed(given, cursor=None)
    return Page(
        "company.html",
        {
            "company": company,
            "name": company_name(known.enrollments) or company,
            "zone": visit.zone,
            "bar": filters.bar(here, offered, zone=visit.zone, today=formats.today(visit.zone), fields=FIELDS, basis=True),
            "common": common,
            "numbers": numbers,
            "tiles": {rate: RATES[rate] for rate in TILES},
            "columns": {rate: RATES[rate] for rate in COLUMNS},
            "meanings": {rate: meaning(rate, numbers.basis, numbers.opens) for rate in TILES},
            "started": STARTED,
            "sequences": [line for line in sequences.sequences if line.enrollments],
            "trend": trend,
            "people": everybody[:_PEOPLE],
            "contacts": people.contacts,
            "lately": story,
            "found": found,
            "lines": lines(found.enrollments, await step_names(visit, sequences_of(found.enrollments))),
            "limits": limits(here),
            "first": links.same(here) if CURSOR.name in given else None,
            "next": None if found.next is None else links.same(given, cursor=found.next),
            "csv": links.csv("enrollments", None, everywhere, limit=str(LARGEST)),
            "most": LARGEST,
            "acting": may_act(visit),
            "as_of": numbers.as_of,
        },
    )


def _people(rows: Sequence[EnrollmentRow]) -> list[Person]:
    """Those who were engaged last come first."""
    of_contact: dict[str, list[EnrollmentRow]] = {}
    for row in rows:
        of_contact.setdefault(row.contact_id, []).append(row)
    people = [_person(own) for own in of_contact.values()]
    people.sort(key=lambda person: (person.name, person.contact_id))
    people.sort(key=lambda person: person.last_engaged_at or "", reverse=True)
    return people


def _person(rows: Sequence[EnrollmentRow]) -> Person:
    return Person(
        contact_id=rows[0].contact_id,
        name=rows[0].contact_name or rows[0].contact_id,
        enrollments=len(rows),
        opens=sum(row.opens for row in rows),
        clicks=sum(row.clicks for row in rows),
        replied=any(row.replied for row in rows),
        met=any(row.met for row in rows),
        last_engaged_at=max((row.last_engaged_at for row in rows if row.last_engaged_at is not None), default=None),
    )
