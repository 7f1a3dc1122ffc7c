"""Where the tables of an account stand: read once for all who ask at the same time."""

import asyncio
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import NamedTuple

from projections.tables.reading import Reading
from web.calls import Calls


class _Latest(NamedTuple):
    began: float
    reading: Reading


class Standing:
    """Reads where the tables stand, one reading at a time. For one event loop, and for the threads that make its calls.

    Whoever asks gets a reading that began after they asked, so that nobody is told less than was there when they did.
    """

    def __init__(self, read: Callable[[str], Reading], calls: Calls) -> None:
        self._read = read
        self._calls = calls
        self._locks: dict[str, Lock] = {}
        self._latest: dict[str, _Latest] = {}
        self._running: dict[str, asyncio.Task[Reading]] = {}
        self._next: dict[str, asyncio.Task[Reading]] = {}
        """Account -> a reading that waits for the one that is running, for whoever comes meanwhile."""

    async def get(self, account: str) -> Reading:
        """The progress of every partition. Raises what `read` raises, and `Busy`."""
        task = self._next.get(account)
        if task is None:
            task = self._next[account] = asyncio.create_task(self._after(account, self._running.get(account)))
        return await asyncio.shield(task)  # who waits no more leaves it to the others

    def since(self, account: str, asked: float) -> Reading:
        """The same beside the event loop, for who asked at `asked` (of `monotonic`) and has waited for a thread since: often one of those
        who waited with them has read already. Raises what `read` raises."""
        with self._locks.setdefault(account, Lock()):
            latest = self._latest.get(account)
            if latest is None or latest.began < asked:
                began = monotonic()
                latest = self._latest[account] = _Latest(began, self._read(account))
            return latest.reading

    async def _after(self, account: str, running: asyncio.Task[Reading] | None) -> Reading:
        if running is not None:
            await asyncio.wait({running})
        # From here on it is too late to join.
        mine = self._running[account] = self._next.pop(account)
        asked = monotonic()
        try:
            return await self._calls.make(lambda: self.since(account, asked), account)
        finally:
            if self._running.get(account) is mine:
                del self._running[account]
