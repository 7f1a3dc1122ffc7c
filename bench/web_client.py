"""Requests over connections that stay open, each asked as soon as the one before is answered, in a process of its own."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from time import perf_counter
from typing import Final, TypedDict, cast
from urllib.parse import urlencode

import uvloop

from bench import questions
from bench.population import SEQUENCES, sequence_id

_END: Final = b"\r\n\r\n"


class Asked(TypedDict):
    """Milliseconds of each request, in the order of the answers, and seconds for all of them together."""

    milliseconds: list[float]
    seconds: float


class WrongStatus(Exception):
    """An answer that is no answer."""


def ask(port: int, kind: str, seed: int, calls: int, connections: int) -> Asked:
    """Ask so many questions of a kind of PATHS, one after the other over whichever connection is free; a tenth more before do not count."""
    random = Random(seed)
    warm_up = calls // 10
    return uvloop.run(_ask(port, [PATHS[kind](random) for _ in range(warm_up + calls)], connections, warm_up))


def _unfiltered(random: Random) -> str:
    return f"/v1/sequences/{sequence_id(random.randrange(SEQUENCES))}/performance"


def _filtered(random: Random) -> str:
    asked = questions.filtered(random, random.choice(("performance", "analyze")))
    path = "/v1/analyze" if asked.subject is None else f"/v1/sequences/{asked.subject}/performance"
    return f"{path}?{urlencode(asked.parameters, doseq=True)}"


PATHS: Final[Mapping[str, Callable[[Random], str]]] = {"unfiltered": _unfiltered, "filtered": _filtered}


async def _ask(port: int, paths: list[str], connections: int, warm_up: int) -> Asked:
    loop = asyncio.get_running_loop()
    figures: list[float] = []
    seconds = 0.0
    for part in (paths[:warm_up], paths[warm_up:]):
        waiting = iter(part)
        figures = []
        began = perf_counter()
        clients = [(await loop.create_connection(partial(_Client, waiting, figures), "127.0.0.1", port))[1] for _ in range(connections)]
        for client in clients:
            client.ask()
        await asyncio.gather(*(client.done for client in clients))
        seconds = perf_counter() - began
    return Asked(milliseconds=figures, seconds=seconds)


class _Client(asyncio.Protocol):
    """One connection. It reads no more of an answer than it has to: what is measured is the server."""

    def __init__(self, paths: Iterator[str], figures: list[float]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._paths = paths
        self._figures = figures
        self._held = b""
        self._asked_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        path = next(self._paths, None)
        if path is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._asked_at = perf_counter()
        self._transport.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, end, body = self._held.partition(_END)
        if not end or len(body) < _length(head):
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self.done.set_exception(WrongStatus(self._held.partition(b"\r\n")[0].decode(errors="replace")))
            return
        self._figures.append((perf_counter() - self._asked_at) * 1000)
        self._held = b""
        self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server has closed the connection"))


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length: ")
    return int(rest.partition(b"\r\n")[0])
