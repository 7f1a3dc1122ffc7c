"""A process that we have started, what it says, and its end."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final, Self

from cli.up.part import Part

_GRACE: Final = 20.0
"""Seconds to end in order: a worker finishes the batch in hand, a broker closes its files."""
_LAST_WORDS: Final = 1.0
_AT_ONCE: Final = 1 << 16


class Child:
    """A running part. `heard` gets each line that it prints."""

    def __init__(self, process: Process, heard: Callable[[str], None]) -> None:
        self._process = process
        self._reading = asyncio.create_task(self._read(heard))

    @classmethod
    async def start(cls, part: Part, heard: Callable[[str], None]) -> Self:
        """Start it in a session of its own, as Ctrl-C is for us alone to answer; its input closes however we end."""
        process = await asyncio.create_subprocess_exec(
            *part.command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, **part.settings, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        return cls(process, heard)

    async def end(self) -> int:
        """Its exit code, once it has ended and all that it said is heard. Whoever stops waiting for that has it stopped."""
        try:
            return await self._process.wait()
        except asyncio.CancelledError:
            await self._stop()
            raise
        finally:
            await asyncio.wait({self._reading}, timeout=_LAST_WORDS)
            self._reading.cancel()

    async def _stop(self) -> None:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):  # it has ended meanwhile
                self._process.send_signal(how)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), _GRACE)
                return

    async def _read(self, heard: Callable[[str], None]) -> None:
        assert self._process.stdout is not None
        async for line in _lines(self._process.stdout):
            heard(line)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Of any length."""
    rest = b""
    while chunk := await stream.read(_AT_ONCE):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
    if rest:
        yield rest.decode(errors="replace")
