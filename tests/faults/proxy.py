"""A proxy between a worker and its Redis: it delays replies, loses them, and cuts connections at chosen commands."""

import asyncio
import shutil
import tempfile
from asyncio import StreamReader, StreamWriter
from collections import deque
from contextlib import closing, suppress
from enum import Enum
from pathlib import Path
from threading import Thread
from typing import Final, NamedTuple, Self

_AT_ONCE: Final = 1 << 16


class Cut(Enum):
    """When the connection breaks."""

    BEFORE = "before the command has come to Redis"
    AFTER = "after Redis has carried it out, so that only the reply is lost"


class _Planned(NamedTuple):
    command: bytes
    cut: Cut


class Proxy:
    """Listens on a socket of its own in front of the unix socket `server`."""

    def __init__(self, server: str) -> None:
        self.delay = 0.0
        """Seconds by which each reply comes later."""
        self.cuts = 0
        """Connections that were broken."""
        self._server = server
        self._planned: deque[_Planned] = deque()
        self._folder = Path(tempfile.mkdtemp(prefix="tally-"))  # a path for a socket has to be short
        self._socket = self._folder / "proxy.sock"
        self._loop = asyncio.new_event_loop()
        self._listening = self._loop.run_until_complete(asyncio.start_unix_server(self._serve, self._socket))
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    def cut(self, command: str, cut: Cut, times: int = 1) -> None:
        """Break the connection on which the command comes next, for so many times."""
        self._planned.extend([_Planned(command.encode(), cut)] * times)

    @property
    def has_cut_all(self) -> bool:
        return not self._planned

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        with closing(writer), suppress(OSError, asyncio.CancelledError):  # Redis is away, or the proxy is closed
            from_server, to_server = await asyncio.open_unix_connection(self._server)
            losing = asyncio.Event()
            with closing(to_server):
                ways = [self._commands(reader, to_server, losing), self._replies(from_server, writer, losing)]
                tasks = [asyncio.create_task(way) for way in ways]
                try:
                    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)

    async def _commands(self, reader: StreamReader, to_server: StreamWriter, losing: asyncio.Event) -> None:
        while data := await reader.read(_AT_ONCE):
            if self._planned and self._planned[0].command in data:
                planned = self._planned.popleft()
                self.cuts += 1
                if planned.cut is Cut.BEFORE:
                    return
                losing.set()
            to_server.write(data)
            await to_server.drain()

    async def _replies(self, from_server: StreamReader, writer: StreamWriter, losing: asyncio.Event) -> None:
        while data := await from_server.read(_AT_ONCE):
            if losing.is_set():
                return
            await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self._folder)

    async def _end(self) -> None:
        self._listening.close()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
