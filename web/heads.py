"""HEAD is answered as GET is, without what GET would answer."""

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Around an app that knows GET alone. `endless` are paths whose answer has no end: there is no HEAD of it."""

    def __init__(self, app: ASGIApp, *, endless: Collection[str] = ()) -> None:
        self._app = app
        self._endless = endless

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"] in self._endless:
            await self._app(scope, receive, send)
            return

        async def headless(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # A copy: the server has to go on knowing that no body follows.
        await self._app({**scope, "method": "GET"}, receive, headless)
