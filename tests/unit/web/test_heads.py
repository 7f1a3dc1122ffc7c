"""HEAD says what GET would say, without the body, wherever GET ends."""

import pytest
from fastapi.routing import APIRoute
from httpx import AsyncClient

from tests.unit.web.conftest import SEQUENCE, Served, problem
from web.live import PATH


@pytest.mark.parametrize(
    "path", ["/v1/analyze", f"/v1/sequences/{SEQUENCE}/performance?format=csv", "/v1/sequences/absent/performance", "/healthz", "/analyze"]
)
async def test_it_is_answered_as_get_is(client: AsyncClient, path: str) -> None:
    head, got = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert len(got.content) > 0
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Content-Security-Policy"):
        assert head.headers.get(name) == got.headers.get(name), name


async def test_static_files_too(served: Served, client: AsyncClient) -> None:
    base = next(route.path for route in served.app().routes if isinstance(route, APIRoute) and route.name == "static")
    head = await client.head(base.replace("{name:path}", "live.js"))
    assert (head.status_code, head.content) == (200, b"")
    assert "immutable" in head.headers["Cache-Control"]


async def test_not_of_what_has_no_end_nor_of_what_is_not_asked_by_get(client: AsyncClient) -> None:
    for path in (PATH, "/v1/batch", "/v1/events", "/logout"):
        assert (await client.head(path)).status_code == 405


async def test_a_head_may_as_little_as_get(client: AsyncClient) -> None:
    assert (await client.head("/v1/analyze", headers={"Host": "evil.example"})).status_code == 403
    assert problem(await client.get("/v1/analyze", headers={"Host": "evil.example"}))["type"] == "urn:tally:host"
