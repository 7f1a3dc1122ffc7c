"""The app: every route, and what stands around it."""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from web.access import Access
from web.actions import Actions, add_actions
from web.answers import Answers
from web.batch import Questions, add_batch
from web.dashboard_desk import DashboardDesk
from web.dashboards import Wish, add_dashboards
from web.heads import Heads
from web.hub import Hub
from web.ingest import add_ingest
from web.intake import Intake
from web.live import PATH, Numbers, add_live
from web.meters import Meters
from web.oversight import Oversight, Premises
from web.pages import add_pages
from web.pages.login import add_login
from web.probes import add_probes
from web.problems import tell
from web.reports import add_reports
from web.room import Room
from web.schema import described
from web.session import FreshCookies
from web.settings import WebSettings
from web.shield import Shield

_TAGS: Final = (
    {"name": "reports", "description": "Exact numbers as of now."},
    {"name": "dashboards", "description": "Reports that people have put together."},
    {"name": "events", "description": "What has happened."},
    {"name": "actions", "description": "What is to happen."},
)
_SOONER: Final = 0.9
"""Of the time that a request may take, what a page may: so there is time to say in its frame that it took too long."""
_ZIPPED_FROM: Final = 1_000
"""Bytes below which an answer is sent as it is."""


def make_app(answers: Answers, intake: Intake, hub: Hub, access: Access, settings: WebSettings, premises: Premises) -> FastAPI:
    """The app of one process."""
    app = FastAPI(
        title="Tally",
        version=version("tally"),
        summary="Exact, live performance numbers of sales sequences.",
        openapi_url="/v1/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: tell},
    )
    app.state.sessions = access.sessions
    meters = Meters()
    add_reports(app, answers, access)
    room = Room(settings.web_bytes_in_flight)
    meters.watch(room, hub)
    add_batch(app, answers, access, room)
    add_ingest(app, intake, access, room, meters)
    add_actions(app, answers, intake, access, room, meters)
    desk = DashboardDesk(answers, intake, meters)
    add_dashboards(app, answers, desk, access, room)
    add_live(app, hub, access, most=settings.web_live_clients)
    add_probes(app, answers, access, meters, max_lag=settings.web_max_lag)
    patience = _SOONER * settings.web_timeout
    site = add_pages(app, answers, access, desk, Oversight(answers, premises), settings.crm, patience)
    add_login(app, site, access)
    app.add_middleware(FreshCookies)
    app.add_middleware(GZipMiddleware, minimum_size=_ZIPPED_FROM, compresslevel=6)
    app.add_middleware(Shield, timeout=settings.web_timeout, meters=meters, endless={PATH})
    app.add_middleware(Heads, endless={PATH})
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(described(app, _TAGS, [Questions, Wish, Numbers, Actions]))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI provides
    return app
