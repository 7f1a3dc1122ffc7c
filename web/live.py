"""`GET /v1/live`: server-sent events, which tell what has changed and how it stands now."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from time import monotonic
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Send
from starlette.types import Scope as ASGIScope

from projections.reports.as_of import AsOf
from projections.reports.headlines import Total
from projections.reports.parameters import Parameter, check_names, single
from projections.reports.sequences import SequenceLine
from web.access import Access, Scope
from web.board import Board
from web.hub import Hub
from web.problems import away
from web.reports import given_in
from web.schema import SECURED, problems, query_parameter

PATH: Final = "/v1/live"
_MEDIA_TYPE: Final = "text/event-stream"
_BEAT: Final = 15.0
"""Seconds after which something is said in any case, so that nobody in between takes the connection for dead."""
_COME_AGAIN: Final = 2_000
"""Milliseconds after which a client that was cut off comes again."""


class Numbers(BaseModel):
    """The data of an event `numbers`."""

    sequences: list[SequenceLine]
    """Those that have changed, as the report `sequences` has them; at first all, or those that have changed since what is known."""
    total: Total
    as_of: AsOf


def add_live(app: FastAPI, hub: Hub, access: Access, *, most: int) -> None:
    """Add the route, for `most` clients at once; where there are several accounts, for half as many of one."""

    async def live(request: Request) -> Response:
        account = access.account(request, Scope.READ)
        given = given_in(request)
        check_names(given, [SINCE])
        began = single(given, SINCE.name) or ""
        if hub.clients >= most or hub.closing:
            raise away("as many look on as this server serves; come again later")
        if access.shared and hub.followers(account) >= max(1, most // 2):
            raise away("as many of this account look on as one account may; come again later")
        async with AsyncExitStack() as stack:
            board = await stack.enter_async_context(hub.follow(account))
            since = hub.since(board, request.headers.get(_LAST["name"]) or began)
            told = _tell(hub, board, since, lambda: access.still(request, Scope.READ))
            return _Stream(told, stack.pop_all())

    app.add_api_route(
        PATH,
        live,
        operation_id="live",
        summary="Server-sent events: `numbers`, whenever something has changed, at most five times a second.",
        tags=["reports"],
        response_class=StreamingResponse,
        responses={
            200: {"description": _DESCRIPTION, "content": {_MEDIA_TYPE: {"schema": {"type": "string"}}}},
            **problems(HTTPStatus.BAD_REQUEST),
        },
        openapi_extra={"parameters": [query_parameter(SINCE), _LAST], **SECURED},
    )


_DESCRIPTION: Final = "Each event is named `numbers`, its data are `Numbers`, and its id is for Last-Event-ID."
SINCE: Final = Parameter("since", "The same as Last-Event-ID, for a client that has no event yet; the header counts if both are there.")
_LAST: Final[dict[str, Any]] = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was received: what has changed since is told, and not everything.",
    "schema": {"type": "string"},
}


class _Stream(StreamingResponse):
    """Lets go of what it is told from at its end, however that comes."""

    def __init__(self, told: AsyncIterator[bytes], following: AsyncExitStack) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(told, headers=headers, media_type=_MEDIA_TYPE)
        self._following = following

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        async with self._following:
            await super().__call__(scope, receive, send)


async def _tell(hub: Hub, board: Board, since: int, may: Callable[[], bool]) -> AsyncIterator[bytes]:
    """The text of the stream. Who is slow is not told what has been outrun meanwhile."""
    yield f"retry: {_COME_AGAIN}\n\n".encode()
    beat_at = monotonic() + _BEAT
    while not hub.closing:
        news = board.news
        if board.tick > since:
            if not may():
                return
            told = board.told(since)
            since = told.tick
            yield f"id: {told.id}\nevent: numbers\ndata: ".encode() + told.data + b"\n\n"
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), max(0.0, beat_at - monotonic()))
        if monotonic() >= beat_at:
            if not may():
                return
            beat_at = monotonic() + _BEAT
            yield b":\n\n"
