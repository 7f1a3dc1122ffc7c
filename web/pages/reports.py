"""The page *Reports*: the library of all reports."""

from http import HTTPStatus

from fastapi import FastAPI, Response
from fastapi.responses import RedirectResponse

from projections.reports import REPORTS
from projections.reports.parameters import Given, check_names
from web.pages import custom, filters, links, report
from web.pages.library import ELSEWHERE, LIBRARY, groups
from web.pages.site import Page, Site, Visit
from web.problems import Problem


def add(app: FastAPI, site: Site) -> None:
    """Add the page, and those of the reports."""
    site.add(app, "/reports", _library, section="reports")
    site.add(app, "/reports/custom", custom.make, section="reports")
    site.add(app, "/reports/{name}", _report, section="reports")


async def _library(visit: Visit) -> Page:
    check_names(visit.given, ())
    return Page("reports.html", {"groups": groups(), "elsewhere": ELSEWHERE, "reports": REPORTS, "examples": custom.EXAMPLES})


async def _report(visit: Visit) -> Page | Response:
    name = visit.subject("name")
    if name in ELSEWHERE:
        return RedirectResponse(_elsewhere(name, visit.given), HTTPStatus.SEE_OTHER)
    if name not in LIBRARY:
        raise Problem(HTTPStatus.NOT_FOUND, "unknown-report", f"there is no report {name!r}")
    return await report.make(visit, name)


def _elsewhere(name: str, given: Given) -> str:
    """The page of a report that is not in the library, with what it is asked with."""
    common = filters.common(given)
    sequence = next((one for parameter in ("sequence_id", "sequence") for one in given.get(parameter, ())), None)
    contact = next(iter(given.get("contact_id", ())), None)
    if name == "performance" and sequence is not None:
        return links.performance(sequence, common, sequence=None)
    if name == "enrollments" and sequence is not None:
        return links.enrollments(sequence, common, sequence=None, basis=None)
    if name == "contact" and contact is not None:
        return links.contact(contact)
    return links.analyze(common) if name in ("analyze", "contacts") else links.sequences()
