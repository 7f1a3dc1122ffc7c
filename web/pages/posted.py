"""Forms that change something: who may send them, what they say, and where they lead."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from web import body, guard
from web.access import Caller, Scope
from web.pages.site import Site
from web.problems import Problem

MOST_BYTES: Final = 1 << 14
"""Of what a form sends."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A form that somebody has sent who may."""

    site: Site
    request: Request
    caller: Caller
    fields: Mapping[str, str]

    def text(self, name: str) -> str:
        """What a field says, without the blanks around it; "" for a field that is not there."""
        return self.fields.get(name, "").strip()


Take = Callable[[Posted], Awaitable[Response]]


def add_form(app: FastAPI, site: Site, path: str, take: Take, *, section: str) -> None:
    """Add what is done with a form that is sent to a path; `section` is the entry of the navigation that it belongs to."""

    async def post(request: Request) -> Response:
        try:
            try:
                fields, unreadable = await body.form(request, MOST_BYTES), None
            except Problem as problem:
                fields, unreadable = {}, problem
            caller = site.access.caller(request, Scope.ACT, fields.get(guard.FIELD, ""))  # who may not is told that first
            if unreadable is not None:
                raise unreadable
            return await take(Posted(site, request, caller, fields))
        except Exception as error:  # noqa: BLE001  it is told in the frame of the pages
            return site.refusal(request, error, section)

    app.add_api_route(path, post, methods=["POST"], name=f"form {path}", include_in_schema=False)


def lead(to: str) -> Response:
    """To a page of ours, which is asked for by GET."""
    return RedirectResponse(to, HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
