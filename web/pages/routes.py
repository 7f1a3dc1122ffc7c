"""Every page, and what pages need."""

from functools import partial
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from web.access import Access
from web.answers import Answers
from web.crm import Crm
from web.dashboard_desk import DashboardDesk
from web.oversight import Oversight
from web.pages import analyze, arranging, company, contact, dashboards, enrollments, new_card, performance, reports, sequences, system
from web.pages.site import Site
from web.problems import tell


def add_pages(
    app: FastAPI,
    answers: Answers,
    access: Access,
    desk: DashboardDesk,
    oversight: Oversight,
    crm: Crm,
    patience: float,
) -> Site:
    """Add the routes. `crm` makes the links to what the CRM has of them; `patience`: seconds that a page may take."""
    site = Site(answers, access, crm, patience)
    site.static.add(app)

    async def start() -> Response:
        return RedirectResponse("/sequences", HTTPStatus.TEMPORARY_REDIRECT)

    app.add_api_route("/", start, name="start", include_in_schema=False)
    sequences.add(app, site)
    performance.add(app, site)
    enrollments.add(app, site)
    analyze.add(app, site)
    reports.add(app, site)
    contact.add(app, site)
    company.add(app, site)
    new_card.add(app, site, desk)
    dashboards.add(app, site)
    arranging.add(app, site, desk)
    system.add(app, site, oversight)
    app.add_exception_handler(HTTPException, partial(_nowhere, site))
    return site


async def _nowhere(site: Site, request: Request, error: Exception) -> Response:
    """There is no such path: people are told in the frame of the pages, programs as ever."""
    looked_at = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    return site.refusal(request, error, None) if looked_at and not request.url.path.startswith("/v1/") else await tell(request, error)
