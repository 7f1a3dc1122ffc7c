"""Around every request: headers that browsers heed, a limit of time, and an answer also when something fails."""

import asyncio
from collections.abc import Collection
from time import perf_counter
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.meters import Meters
from web.problems import problem_of

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers would not say any more which page sends a form.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Shield:
    """Guards an app. `timeout` in seconds, from the end of a request's head to its whole answer; `endless` are paths without one.

    How long a head may take is for the protocol to see to.
    """

    def __init__(self, app: ASGIApp, *, timeout: float, meters: Meters, endless: Collection[str] = ()) -> None:
        self._app = app
        self._timeout = timeout
        self._meters = meters
        self._endless = endless

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            async with asyncio.timeout(None if scope["path"] in self._endless else self._timeout):
                await self._app(scope, receive, guarded)
        except ClientDisconnect:
            pass  # nobody is there to get an answer
        except Exception as error:
            if status:
                raise  # the answer has begun: the server breaks it off
            await problem_of(error).response()(scope, receive, guarded)
        finally:
            self._meters.answered(scope, status, perf_counter() - began)
