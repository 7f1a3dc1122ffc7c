"""A connection gets somewhere: who sends no request, a head without end, or takes no answer, is told so where that can be, and let go."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tests.unit.web.conftest import until
from web.protocol import LONGEST_HEAD, MOST_AHEAD, limited

PATIENCE = 0.4
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = 32 << 20

Connect = Callable[..., Any]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Says `fine`: at once, or at /read when it has read the body; at /large it says much, and at /slow it takes longer than a head may."""
    request = Request(scope, receive)
    if request.url.path == "/read":
        await request.body()
    if request.url.path == "/slow":
        await asyncio.sleep(3 * PATIENCE)
    answer: Response = PlainTextResponse("x" * LARGE if request.url.path == "/large" else "fine")
    await answer(scope, receive, send)


@asynccontextmanager
async def serving(patience: float = 30.0, most: int = 100) -> AsyncIterator[uvicorn.Server]:
    protocol = limited(patience, most)
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=protocol, ws="none", lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield server
    server.should_exit = True
    await task


class Client:
    """A connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes, pause: float = 0.005) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(pause)

    async def told(self) -> bytes:
        """The first line of what the server says."""
        async with asyncio.timeout(5):
            return await self.reader.readuntil(b"\r\n")

    async def rest(self) -> bytes:
        """Everything up to the end of the connection, which has to come."""
        async with asyncio.timeout(5):
            return await self.reader.read()


@asynccontextmanager
async def connected(server: uvicorn.Server, **options: Any) -> AsyncIterator[Client]:
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port, **options)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def test_a_usual_request_is_answered_however_it_is_cut() -> None:
    request = b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 1000 + b"\r\n\r\n"
    async with serving() as server, connected(server) as client:
        await client.send(*(request[place : place + 100] for place in range(0, len(request), 100)))
        assert (await client.told()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nHost: a\r\nX-Long: ", b"GET / HTTP/1.1\r\nHost: a\r\nX-", b"\r\n" * 2048])
@pytest.mark.parametrize("piece", [4096, LONGEST_HEAD + 1])
async def test_a_head_without_end_is_refused(start: bytes, piece: int) -> None:
    filling = b"\r\n" if start.startswith(b"\r\n") else b"x" * 2
    async with serving() as server, connected(server) as client:
        sending = asyncio.create_task(client.send(start, *[filling * (piece // 2)] * (LONGEST_HEAD // piece + 1)))
        assert (await client.told()).startswith(b"HTTP/1.1 400 ")
        await asyncio.gather(sending, return_exceptions=True)


async def test_the_piece_in_which_a_head_begins_counts() -> None:
    async with serving() as server, connected(server) as client:
        await client.send(b"GET / HTTP/1.1\r\nX-Long: " + b"x" * LONGEST_HEAD)
        assert (await client.told()).startswith(b"HTTP/1.1 400 ")


async def test_a_long_body_is_none_of_the_head() -> None:
    size = 3 * LONGEST_HEAD
    request = f"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
    async with serving() as server, connected(server) as client:
        await client.send(request, *[b"x" * 8192] * (size // 8192))
        assert (await client.told()).startswith(b"HTTP/1.1 200 ")


async def test_a_long_body_before_a_head_is_none_of_it() -> None:
    size = 2 * LONGEST_HEAD
    request = f"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode()
    async with serving() as server, connected(server) as client:
        await client.send(request + b"x" * size + GET[:20], GET[20:])
        assert b"".join([await client.reader.readuntil(b"fine") for _ in range(2)]).count(b"HTTP/1.1 200 ") == 2


@pytest.mark.parametrize("start", [b"3\r\nabc\r\n0\r\nX-Trailer: ", b"3\r\nabc\r\n3;extension="])
async def test_trailers_without_end_are_refused(start: bytes) -> None:
    async with serving() as server, connected(server) as client:
        await client.send(CHUNKED, start)
        sending = asyncio.create_task(client.send(*[b"x" * 4096] * (LONGEST_HEAD // 4096 + 1)))
        assert (await client.told()).startswith(b"HTTP/1.1 400 ")
        await asyncio.gather(sending, return_exceptions=True)


async def test_short_trailers_are_taken() -> None:
    async with serving() as server, connected(server) as client:
        await client.send(CHUNKED, b"3\r\nabc\r\n", b"0\r\n", b"X-Trailer: a\r\n", b"\r\n")
        assert (await client.told()).startswith(b"HTTP/1.1 200 ")


async def test_requests_may_come_ahead_of_answers_but_not_without_end() -> None:
    async with serving() as server:
        async with connected(server) as client:
            await client.send(GET * (MOST_AHEAD // 2))
            await until(lambda: server.server_state.total_requests == MOST_AHEAD // 2)
        async with connected(server) as greedy:
            await greedy.send(GET * 20_000)
            with suppress(ConnectionResetError):
                await greedy.rest()
        assert server.server_state.total_requests < 2 * MOST_AHEAD


async def test_who_sends_nothing_is_let_go() -> None:
    async with serving(PATIENCE) as server, connected(server) as client:
        assert await client.rest() == b""
        assert not server.server_state.connections


async def test_who_sends_half_a_head_is_told_and_let_go() -> None:
    async with serving(PATIENCE) as server, connected(server) as client:
        await client.send(GET[:20])
        told = await client.rest()
        assert told.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in told


async def test_who_sends_a_head_byte_by_byte_gets_no_longer() -> None:
    async with serving(PATIENCE) as server, connected(server) as client:
        sending = asyncio.create_task(client.send(*(bytes([byte]) for byte in GET * 10), pause=PATIENCE / 10))
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize("begun", [b"GET /", b"\r\n", b"G"])
async def test_nor_does_who_had_an_answer_before(begun: bytes) -> None:
    async with serving(PATIENCE) as server, connected(server) as client:
        await client.send(GET)
        await client.reader.readuntil(b"fine")
        await client.send(begun)
        assert (await client.rest())[:13] == (b"" if begun == b"\r\n" else b"HTTP/1.1 408 ")


async def test_a_body_that_nobody_waits_for_any_more_ends() -> None:
    async with serving(PATIENCE) as server, connected(server) as client:
        await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        await client.reader.readuntil(b"fine")
        sending = asyncio.create_task(client.send(*[b"x"] * 200, pause=PATIENCE / 10))
        assert await client.rest() == b""
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_an_answer_may_take_longer_than_a_head() -> None:
    async with serving(PATIENCE) as server, connected(server) as client:
        await client.send(GET.replace(b"/ ", b"/slow "))
        assert (await client.told()).startswith(b"HTTP/1.1 200 ")


async def test_who_takes_nothing_of_an_answer_is_let_go_and_who_is_slow_gets_all() -> None:
    async with serving(PATIENCE) as server, AsyncExitStack() as stack:
        stuck, slow = [await stack.enter_async_context(connected(server, limit=1 << 16)) for _ in range(2)]
        await asyncio.gather(*(client.send(GET.replace(b"/ ", b"/large ")) for client in (stuck, slow)))
        taken = b""
        while len(taken) < LARGE:
            taken += await slow.reader.readexactly(min(4 << 20, max(1, LARGE - len(taken))))
            await asyncio.sleep(PATIENCE / 4)
        await until(lambda: len(server.server_state.connections) <= 1)
        stuck.writer.transport.abort()


async def test_no_more_connections_than_there_are_places() -> None:
    async with serving(most=2) as server, AsyncExitStack() as stack:
        first, second, third, quiet = [await stack.enter_async_context(connected(server)) for _ in range(4)]
        await until(lambda: len(server.server_state.connections) == 4)
        await third.send(GET)
        told = await third.rest()
        assert told.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in told
        assert await quiet.rest() == b"", "who does not even ask has less time to"
        await first.send(GET)
        assert (await first.told()).startswith(b"HTTP/1.1 200 ")
        second.writer.close()
        await until(lambda: len(server.server_state.connections) == 1)
        again = await stack.enter_async_context(connected(server))
        await again.send(GET)
        assert (await again.told()).startswith(b"HTTP/1.1 200 ")


async def test_a_crowd_above_the_limit_is_cut_off() -> None:
    async with serving(most=1) as server, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(server)) for _ in range(150)]
        await until(lambda: sum(client.reader.at_eof() or client.reader.exception() is not None for client in clients) >= 49)
        assert not clients[0].reader.at_eof()
