"""The page of one contact: who it is, its enrollments, and everything that happened, with what it did."""

from typing import Final

from fastapi import FastAPI

from projections.reports import Parameter
from projections.reports.contact import Contact
from projections.reports.filters import LISTED_STATUS
from projections.reports.parameters import TIME_ZONE, check_names, choice, whole
from web.pages import links
from web.pages.filters import Option
from web.pages.listed import lines, may_act, sequences_of
from web.pages.site import Page, Site, Visit
from web.pages.step_names import step_names
from web.pages.timeline import Story, days

ORDER: Final = Parameter("order", "Which end of the story comes first.", choices=("newest", "oldest"), default="newest")
PAGE: Final = Parameter("page", "Which page of the story.", default="1", kind="whole number", most=100_000)
EVENTS: Final = 100
"""On one page."""
EVERY_STATUS: Final = [status for status in LISTED_STATUS.choices if ":" not in status]
_NUMBERS: Final = {"emails_sent": "E-mails sent", "opens": "Opens", "clicks": "Clicks"}
_FLAGS: Final = {"replied": "Replied", "met": "Met", "bounced": "Bounced"}


def add(app: FastAPI, site: Site) -> None:
    """Add the page."""
    # An id may have slashes in it.
    site.add(app, "/contacts/{contact_id:path}", _contact, section="analyze")


async def _contact(visit: Visit) -> Page:
    given, contact = visit.given, visit.subject("contact_id")
    check_names(given, (ORDER, PAGE, TIME_ZONE))
    order, page = choice(given, ORDER), whole(given, PAGE)
    asked = {"status": EVERY_STATUS, TIME_ZONE.name: given.get(TIME_ZONE.name, [])}
    found: Contact
    (found,) = await visit.answers(visit.ask("contact", contact, asked))
    steps = await step_names(visit, sequences_of(found.enrollments))
    events = found.events[::-1] if order == "newest" else found.events
    shown = events[(page - 1) * EVENTS : page * EVENTS]
    zone = visit.zone
    return Page(
        "contact.html",
        {
            "found": found,
            "name": found.name or contact,
            "zone": zone,
            "company": await _company(visit, found.company_id),
            "lines": lines(found.enrollments, steps),
            "numbers": [(label, sum(getattr(row, name) for row in found.enrollments)) for name, label in _NUMBERS.items()],
            "flags": [(label, any(getattr(row, name) for row in found.enrollments)) for name, label in _FLAGS.items()],
            "days": days(Story(found, steps, zone).entries(shown)),
            "events": len(found.events),
            "begins": (page - 1) * EVENTS + 1,
            "shown": len(shown),
            "orders": [
                Option("Newest first", links.same(given, order=None, page=None), order == "newest"),
                Option("Oldest first", links.same(given, order="oldest", page=None), order == "oldest"),
            ],
            "before": None if page == 1 else links.same(given, page=None if page == 2 else str(page - 1)),
            "after": None if page * EVENTS >= len(events) else links.same(given, page=str(page + 1)),
            "first": links.same(given, page=None),
            "acting": may_act(visit),
            "as_of": found.as_of,
        },
    )


async def _company(visit: Visit, company_id: str | None) -> str | None:
    """The page of the company, if there is one: it is of enrollments, and the profile may name a company that has none."""
    if company_id is None:
        return None
    (found,) = await visit.answers(visit.ask("enrollments", given={"company": [company_id], "limit": ["1"]}))
    return links.company(company_id) if any(found.statuses.model_dump().values()) else None
