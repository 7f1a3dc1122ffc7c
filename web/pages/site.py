"""What all pages have in common: who may see them, what they ask, the frame around them, and what is said when something is wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from projections.reports import ask
from projections.reports.parameters import Given
from projections.tables.store import StoreError
from web.access import Access, Scope
from web.answers import Answers, Ask
from web.calls import Busy
from web.crm import Crm
from web.etag import matches
from web.pages import formats, links, sparkline, standstill
from web.pages.choices import Choices
from web.pages.filters import Value
from web.pages.static_files import StaticFiles
from web.problems import Problem, problem_of
from web.reports import given_in

_TEMPLATES: Final = Path(__file__).with_name("templates")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Entry(NamedTuple):
    """An entry of the navigation."""

    section: str
    label: str
    path: str
    scope: Scope = Scope.READ
    """What somebody needs who is to get there."""


NAVIGATION: Final = (
    Entry("sequences", "Sequences", "/sequences"),
    Entry("analyze", "Analyze", "/analyze"),
    Entry("reports", "Reports", "/reports"),
    Entry("dashboards", "Dashboards", "/dashboards"),
    Entry("system", "System", "/system", Scope.OPERATE),
)


class Page(NamedTuple):
    """What a page shows: a template, and what it is filled with."""

    template: str
    context: dict[str, Any]
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page, by somebody who may see it."""

    site: "Site"
    request: Request
    account: str
    given: dict[str, list[str]]
    """The parameters. Those without a value are left out: forms send every field."""

    @property
    def zone(self) -> str:
        """The time zone of dates and times."""
        return next(iter(self.given.get("time_zone", ())), self.site.answers.time_zone)

    def subject(self, name: str) -> str:
        """The id in the path."""
        return str(self.request.path_params[name])

    def ask(self, report: str, subject: str | None = None, given: Given | None = None) -> Ask:
        """A question to `answers`."""
        zone = self.site.answers.time_zone
        return partial(ask, report, account=self.account, subject=subject, parameters=given, default_time_zone=zone)

    async def answers(self, *asks: Ask) -> list[Any]:
        """Answers to all of them, as of one instant. Raises as `Answers.together` does."""
        return list(await self.site.answers.together(asks))

    async def choices(self, fields: list[str], sequence: str | None = None) -> dict[str, list[Value]]:
        """Values to offer in the filter bar."""
        return await self.site.choices.of(self.account, fields, sequence)


Make = Callable[[Visit], Awaitable[Page | Response]]


class _Compiled(BytecodeCache):
    """Templates are compiled once in a process, however many sites it makes."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED: Final = _Compiled()


@dataclass
class Site:
    """Makes pages. `crm` makes links to what the CRM has of the same; `patience`: seconds that a page may take."""

    answers: Answers
    access: Access
    crm: Crm
    patience: float
    static: StaticFiles = field(default_factory=StaticFiles)
    choices: Choices = field(init=False)
    _templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        self.choices = Choices(self.answers)
        templates = self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        for name in ("number", "percent", "decimal", "duration", "day", "moment", "local_day"):
            templates.filters[name] = getattr(formats, name)
        templates.tests["standstill"] = standstill.is_one
        templates.globals.update(link=links, crm=self.crm, static=self.static, sparkline=sparkline.points)
        for name in templates.list_templates():
            templates.get_template(name)  # now, so that the first visitor of a page need not wait for it

    def add(self, app: FastAPI, path: str, make: Make, *, section: str, scope: Scope = Scope.READ) -> None:
        """Add a page for GET at a path; `section` is the entry of the navigation that it belongs to."""

        async def show(request: Request) -> Response:
            try:
                account = self.access.account(request, scope)
                given = filled_in(request)
                async with asyncio.timeout(self.patience):
                    request.state.since = await self._since(account)
                    made = await make(Visit(self, request, account, given))
                    if isinstance(made, Response):
                        return made
                    # Beside the event loop: a long page takes long to write, and others wait for numbers meanwhile.
                    return await self.answers.calls.make(partial(self.render, request, made, section), account)
            except Exception as error:  # noqa: BLE001  it is told in the frame of the pages
                return self.refusal(request, error, section)

        app.add_api_route(path, show, methods=["GET"], name=f"page {path}", include_in_schema=False)

    async def _since(self, account: str) -> str:
        """Up to where at least a page is told that is made from now on: whoever follows the numbers follows them from there."""
        try:
            return str(await self.answers.standing(account))
        except (StoreError, Busy):
            return ""  # the page itself knows what to say of it

    def render(self, request: Request, page: Page, section: str | None) -> Response:
        """The page in its frame; nothing but its tag if the browser has it already."""
        session = self.access.sessions.of(request)
        frame = {
            "section": section,
            "here": _path(request),
            "signed_in": session.signed_in,
            "csrf": session.csrf,
            "follows": self.access.still(request, Scope.READ),
            "navigation": [entry for entry in NAVIGATION if session.may(entry.scope)] or NAVIGATION,
            "since": getattr(request.state, "since", ""),
            "zone": self.answers.time_zone,
        }
        body = self._templates.get_template(page.template).render({**frame, **page.context}).encode()
        tag = f'W/"{sha256(body).hexdigest()[:32]}"'  # it may be zipped on its way
        headers = {
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "private, no-cache" if page.status is HTTPStatus.OK else "no-store",
            # With no-referrer, browsers would send forms as from nowhere (Origin: null).
            "Referrer-Policy": "same-origin",
            "Vary": "Cookie, Authorization",
            "ETag": tag,
        }
        if page.status is HTTPStatus.OK and matches(request.headers.get("If-None-Match"), tag):
            headers["Vary"] += ", Accept-Encoding"  # as where a body is zipped
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return Response(body, page.status, headers, media_type="text/html")

    def refusal(self, request: Request, error: Exception, section: str | None) -> Response:
        """The page that says why there is none; or the way to the login page."""
        problem = problem_of(error)
        if problem.status is HTTPStatus.UNAUTHORIZED:
            to = _path(request) + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(links.login(to), HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
        page = self.render(request, Page("error.html", {"problem": _told(problem)}, problem.status), section)
        page.headers.update(problem.headers)
        return page


def filled_in(request: Request) -> dict[str, list[str]]:
    """The parameters of a request that have a value: forms send every field."""
    return {name: kept for name, values in given_in(request).items() if (kept := [value for value in values if value])}


def _path(request: Request) -> str:
    """The path as it was asked for: an id that is a part of it may have a question mark or a slash in it."""
    return str(request.scope["raw_path"].decode("ascii", "replace"))


class _Told(NamedTuple):
    """A problem as people are told it."""

    status: int
    title: str
    sentence: str
    remedy: str
    again: bool
    """Whether the page comes back by itself."""


_TITLES: Final = {
    HTTPStatus.BAD_REQUEST: "This page cannot be shown like that",
    HTTPStatus.FORBIDDEN: "You may not see this",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.SERVICE_UNAVAILABLE: "No answer just now",
}
_REMEDIES: Final = {
    HTTPStatus.BAD_REQUEST: "Correct it in the address bar, or start again without any filters.",
    HTTPStatus.FORBIDDEN: "Sign in with a token that allows it; whoever runs the server makes one.",
    HTTPStatus.NOT_FOUND: "Look for it among the sequences. What has never happened in an event does not exist here.",
    HTTPStatus.SERVICE_UNAVAILABLE: "This page tries again by itself.",
}


def _told(problem: Problem) -> _Told:
    status = problem.status
    sentence = str(problem.details["detail"])
    return _Told(
        int(status),
        _TITLES.get(status, "Something went wrong"),
        sentence[:1].upper() + sentence[1:] if problem.details.get("parameter") is None else sentence,
        _REMEDIES.get(status, "Try again later; if it stays so, tell whoever runs the server."),
        status is HTTPStatus.SERVICE_UNAVAILABLE,
    )
