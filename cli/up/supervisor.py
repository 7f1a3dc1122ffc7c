"""Keeps parts running: starts each when those are ready that it needs, starts it again when it has ended, and stops all at the end."""

import asyncio
import re
import signal
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from cli.up.child import Child
from cli.up.part import Part
from cli.up.restarts import Restarts

OURSELVES: Final = "up"
_LOGGED: Final = re.compile(r"^\S+ \S+ [A-Z]+ [\w.]+: |^tally: ")
"""What stands before the message in a line that a part has logged or complained with."""


class Hopeless(Exception):
    """A part fails whenever it is started; the message is one line that ends with what it said last. `code`: its exit code."""

    def __init__(self, name: str, code: int, said: str) -> None:
        super().__init__(f"{name} ended with exit code {code}: {_LOGGED.sub('', said) or 'no word'}")
        self.code = code


class Supervisor:
    """Supervises parts.

    `say(name, line)` gets all that they print, and under `OURSELVES` what becomes of them; `ready(name, found)` is told when one serves,
    with the line found. `clock` in seconds.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        say: Callable[[str, str], None],
        ready: Callable[[str, re.Match[str]], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._parts = {part.name: part for part in parts}
        self._say = say
        self._tell_ready = ready
        self._clock = clock
        self._ready = {name: asyncio.Event() for name in self._parts}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; at the end nothing is running, whatever ended it. Raises `Hopeless`."""
        keeping = {name: asyncio.create_task(self._keep(part)) for name, part in self._parts.items()}
        stopped = asyncio.create_task(stop.wait())
        pending: set[asyncio.Task[bool] | asyncio.Task[None]] = {stopped, *keeping.values()}
        try:
            while not stop.is_set():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            stopped.cancel()
            await self._stop(keeping)

    async def _keep(self, part: Part) -> None:
        for name in part.after:
            await self._ready[name].wait()
        restarts = Restarts(self._clock)
        said = ""

        def heard(line: str) -> None:
            nonlocal said
            said = line if line.strip() else said
            self._heard(part, line)

        while True:
            restarts.started()
            code = await (await Child.start(part, heard)).end()
            if part.once and code == 0:
                self._ready[part.name].set()
                return
            pause = restarts.ended(code)
            if pause is None:
                raise Hopeless(part.name, code, said)
            self._say(OURSELVES, f"{part.name} {_how(code)}; it is started again in {pause:g} s")
            await asyncio.sleep(pause)

    def _heard(self, part: Part, line: str) -> None:
        self._say(part.name, line)
        if part.ready is not None and (found := part.ready.search(line)):
            self._ready[part.name].set()
            self._tell_ready(part.name, found)

    async def _stop(self, keeping: dict[str, asyncio.Task[None]]) -> None:
        """Those first that nobody needs any more."""
        left = dict(keeping)
        while left:
            needed = frozenset[str]().union(*(self._parts[name].after for name in left))
            last = [left.pop(name) for name in [*left] if name not in needed]
            for task in last:
                task.cancel()
            await asyncio.gather(*last, return_exceptions=True)  # what was wrong with the first of them is known


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
