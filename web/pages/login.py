"""`/login` and `/logout`: a browser signs in with a token, which it does not keep."""

import re
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from web import body, guard, session
from web.access import Access
from web.pages.site import Page, Site
from web.problems import Problem

MOST_BYTES: Final = 8_192
"""Of what a form sends."""
_LOCAL: Final = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f]{0,2000}")
"""Browsers take `//` and `/\\` for the beginning of another server, and pass over control characters while they do."""
_WRONG: Final = "This token opens nothing. It is mistyped, or it is not valid any more."
_OUT_OF_DATE: Final = "This form was out of date, and nothing was done. Please try again."


def add_login(app: FastAPI, site: Site, access: Access) -> None:
    """Add the routes. They need no token."""

    def form(request: Request, to: str, error: str | None = None, status: HTTPStatus = HTTPStatus.OK) -> Response:
        known = session.of(request)
        return site.render(request, Page("login.html", {"session": known, "next": to, "error": error, "here": "/login"}, status), None)

    async def show(request: Request) -> Response:
        try:
            access.check_machine(request)
            return form(request, local(request.query_params.get("next", "")))
        except Exception as error:  # noqa: BLE001  it is told in the frame of the pages
            return site.refusal(request, error, None)

    async def sign_in(request: Request) -> Response:
        try:
            access.check_machine(request)
            fields = await body.form(request, MOST_BYTES)
            to = local(fields.get("next", ""))
            try:
                guard.check(request, access.sessions, fields.get(guard.FIELD, ""))
            except Problem:
                return form(request, to, _OUT_OF_DATE, HTTPStatus.FORBIDDEN)
            cookie = access.sessions.open(fields.get("token", "").strip())
            if access.open or cookie is not None:
                return _lead(request, to, cookie)
            refused = form(request, to, _WRONG, HTTPStatus.UNAUTHORIZED)
        except Exception as error:  # noqa: BLE001  it is told in the frame of the pages
            return site.refusal(request, error, None)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused

    async def sign_out(request: Request) -> Response:
        try:
            access.check_machine(request)
            fields = await body.form(request, MOST_BYTES)
            if access.sessions.token(request) is not None:  # of what is no session any more, only the rest is taken away
                guard.check(request, access.sessions, fields.get(guard.FIELD, ""))
        except Exception as error:  # noqa: BLE001  it is told in the frame of the pages
            return site.refusal(request, error, None)
        answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
        session.end(answer, request)
        return answer

    for path, method, endpoint in (("/login", "GET", show), ("/login", "POST", sign_in), ("/logout", "POST", sign_out)):
        app.add_api_route(path, endpoint, methods=[method], name=f"page {path}", include_in_schema=False)


def local(path: str) -> str:
    """A path of this server that can be led to; `/` for what is none."""
    return path if _LOCAL.fullmatch(path) else "/"


def _lead(request: Request, to: str, cookie: str | None) -> Response:
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
    if cookie is not None:
        session.begin(answer, request, cookie)
    return answer
