"""The head of a request ends: a connection that sends one without end is told so and closed."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from web.protocol import LONGEST_HEAD, Protocol


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = uvicorn.Server(uvicorn.Config(PlainTextResponse("fine"), port=0, http=Protocol, ws="none", lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  it says so in no other way
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def told(port: int, *parts: bytes) -> bytes:
    """What the server says to parts of a request that come one after the other, until it or all of them have ended."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.005)
        async with asyncio.timeout(5):
            return await reader.readuntil(b"\r\n")
    finally:
        writer.close()


async def test_a_usual_request_is_answered_however_it_is_cut(port: int) -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n"
    assert (await told(port, *(request[place : place + 100] for place in range(0, len(request), 100)))).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", b"GET / HTTP/1.1\r\nHost: a\r\nX-"])
async def test_a_head_without_end_is_refused(port: int, start: bytes) -> None:
    pieces = [b"x" * 4096] * (LONGEST_HEAD // 4096)
    assert (await told(port, start, *pieces)).startswith(b"HTTP/1.1 400 ")


async def test_a_long_body_is_none_of_the_head(port: int) -> None:
    size = 3 * LONGEST_HEAD
    request = f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
    assert (await told(port, request, *[b"x" * 8192] * (size // 8192))).startswith(b"HTTP/1.1 200 ")
