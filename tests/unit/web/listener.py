"""A client of server-sent events, in process: how the app sees it, down to a connection that takes nothing any more."""

import asyncio
import json
import re
from types import TracebackType
from typing import Any, NamedTuple, Self

from fastapi import FastAPI
from starlette.types import Message


class Sent(NamedTuple):
    id: str
    numbers: dict[str, Any]

    def sequences(self) -> set[str]:
        return {line["sequence_id"] for line in self.numbers["sequences"]}


class Listener:
    """Listens from `async with` on. `stuck`: takes only so many pieces, and then no more until it is let go."""

    def __init__(self, app: FastAPI, *, stuck: int | None = None, query: str = "", **headers: str) -> None:
        self.status = 0
        self.text = ""
        self.pieces = 0
        self._app = app
        self._stuck = stuck
        self._free = asyncio.Event()
        self._gone = asyncio.Event()
        self._query = query
        self._headers = {"host": "127.0.0.1", **headers}

    async def __aenter__(self) -> Self:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/v1/live",
            "raw_path": b"/v1/live",
            "query_string": self._query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in self._headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self._task = asyncio.create_task(self._app(scope, self._receive, self._send))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._gone.set()
        self._free.set()
        await asyncio.wait_for(self._task, 5)

    def let_go(self) -> None:
        """Take everything again."""
        self._free.set()

    @property
    def ended(self) -> bool:
        return self._task.done()

    @property
    def events(self) -> list[Sent]:
        """What has come so far."""
        return [Sent(found[1], json.loads(found[2])) for found in re.finditer(r"id: (.*)\nevent: numbers\ndata: (.*)\n\n", self.text)]

    async def _receive(self) -> Message:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        if self._stuck is not None and self.pieces >= self._stuck:
            await self._free.wait()
        self.pieces += 1
        self.text += message.get("body", b"").decode()
