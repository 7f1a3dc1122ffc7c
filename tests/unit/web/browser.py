"""A browser as far as the server can tell: it keeps cookies, says where a request comes from, and has signed in or not."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from httpx import AsyncClient, Response

from tests.unit.web.conftest import Served
from web.guard import HEADER
from web.session import COOKIE

HERE = "http://127.0.0.1"


class Browser:
    """Acts as our own pages do, unless the arguments say otherwise."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client

    async def get(self, path: str, **headers: str) -> Response:
        return await self.client.get(path, headers=headers)

    async def csrf(self) -> str:
        """The value in our pages."""
        return str(re.findall(r'<meta name="csrf" content="([0-9a-f]+)">', (await self.get("/login")).text)[0])

    async def sign_in(self, secret: str, to: str | None = None) -> Response:
        form = {"token": secret, "csrf": await self.csrf(), **({} if to is None else {"next": to})}
        return await self.client.post("/login", data=form, headers={"Origin": HERE})

    async def post(self, path: str, content: Any, **headers: str | None) -> Response:
        """As a script of ours would; a header that is None is left out."""
        said = {"Origin": HERE, HEADER: await self.csrf(), **headers}
        return await self.client.post(path, json=content, headers={name: text for name, text in said.items() if text is not None})

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(COOKIE)


@asynccontextmanager
async def browsing(served: Served, secret: str | None = None) -> AsyncIterator[Browser]:
    """A browser, signed in with a token if one is given."""
    async with served.client() as client:
        browser = Browser(client)
        if secret is not None:
            assert (await browser.sign_in(secret)).status_code == 303
        yield browser
