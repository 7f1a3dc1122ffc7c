"""Where the tables of an account stand: read once for all who ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable

from projections.tables.reading import Reading


class Standing:
    """Reads where the tables stand, one reading at a time. For one event loop.

    Whoever asks gets a reading that began after they asked, so that nobody is told less than was there when they did.
    """

    def __init__(self, read: Callable[[str], Awaitable[Reading]]) -> None:
        self._read = read
        self._running: dict[str, asyncio.Task[Reading]] = {}
        self._next: dict[str, asyncio.Task[Reading]] = {}
        """Account -> a reading that waits for the one that is running, for whoever comes meanwhile."""

    async def get(self, account: str) -> Reading:
        """The progress of every partition. Raises what `read` raises."""
        task = self._next.get(account)
        if task is None:
            task = self._next[account] = asyncio.create_task(self._after(account, self._running.get(account)))
        return await asyncio.shield(task)  # who waits no more leaves it to the others

    async def _after(self, account: str, running: asyncio.Task[Reading] | None) -> Reading:
        if running is not None:
            await asyncio.wait({running})
        # From here on it is too late to join.
        mine = self._running[account] = self._next.pop(account)
        try:
            return await self._read(account)
        finally:
            if self._running.get(account) is mine:
                del self._running[account]
