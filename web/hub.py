"""From what workers announce to what clients are told: one subscription, one read for all clients of an account, some times a second."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from typing import Final

from projections.changes import Change
from projections.reports.headlines import Headlines
from projections.tables.store import StoreError
from projections.versions import Versions
from web.board import Board
from web.calls import Busy

logger = logging.getLogger("tally.web")

INTERVAL: Final = 0.2
"""Seconds between two pushes at least: what changes meanwhile is one push."""
CHECK: Final = 2.0
"""Seconds after which commits that nobody has announced are noticed."""
_PAUSE: Final = 0.5
_KEPT: Final = 10.0
"""Seconds for which a board is kept current that nobody looks at: whoever goes from page to page comes again."""

Read = Callable[[str, Collection[str] | None], Awaitable[Headlines]]
"""The headlines of some sequences of an account, or (None) of all. Raises `StoreError`, `Busy`."""
Listen = Callable[[], AsyncGenerator[tuple[str, Change] | None, None]]
"""(account, change), as it comes; None when nothing can be missed from here on. Raises `StoreUnavailable`."""


class Hub:
    """Keeps a board for each account that somebody looks at. For one event loop.

    Announcements may get lost; that they did shows in the versions, and then everything is told again.
    """

    def __init__(self, read: Read, listen: Listen) -> None:
        self.clients = 0
        self.closing = False
        self._read = read
        self._listen = listen
        self._boards: dict[str, tuple[Board, int]] = {}
        """Account -> its board, and how many look at it."""
        self._changed: dict[str, set[str]] = {}
        self._known: Versions | None = None
        """Up to where announcements have come; None: that is to be found out."""
        self._stood: Versions | None = None
        """Where the tables stood at the last check."""
        self._gap = False
        self._work = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def follow(self, account: str) -> AsyncIterator[Board]:
        """The board of an account, which is kept current as long as somebody follows, and a little longer. Raises `StoreError`, `Busy`."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(work()) for work in (self._hear, self._push, self._check)]
        board, others = self._boards.get(account, (Board(), 0))
        self._boards[account] = board, others + 1
        self.clients += 1
        try:
            async with board.opening:
                if not board.whole:
                    found = await self._read(account, None)
                    board.renew(found)
                    self._known = self._known or found.versions
            yield board
        finally:
            self.clients -= 1
            board, others = self._boards[account]
            self._boards[account] = board, others - 1
            if others == 1:
                asyncio.get_running_loop().call_later(_KEPT if board.whole else 0.0, self._forget, account)

    def _forget(self, account: str) -> None:
        _, others = self._boards.get(account, (None, 1))
        if not others:
            del self._boards[account]

    def followers(self, account: str) -> int:
        """How many follow this account."""
        return self._boards[account][1] if account in self._boards else 0

    def since(self, board: Board, last: str) -> int:
        """The tick from which on somebody is to be told whose last event had this id."""
        seen = Versions.read(last)
        # Who has seen more than there is has seen it in other tables.
        return 0 if seen is None or self._known is None or not self._known.contains(seen) else board.since(seen)

    def close(self) -> None:
        """Let every client go."""
        self.closing = True
        for task in self._tasks:
            task.cancel()
        for board, _ in self._boards.values():
            board.news.set()

    async def _hear(self) -> None:
        """Take in what is announced, for ever."""
        while True:
            try:
                async with aclosing(self._listen()) as hearing:
                    async for heard in hearing:
                        if heard is not None:
                            self._take(*heard)
            except Exception as error:  # noqa: BLE001  who looks on would be told nothing any more, and not know it
                _say(error)
            self._known, self._gap = None, True
            await asyncio.sleep(_PAUSE)

    def _take(self, account: str, change: Change) -> None:
        if self._known is not None and change.partition < len(self._known.numbers):
            if change.generation != self._known.generation or change.version > self._known.numbers[change.partition] + 1:
                self._gap = True
            self._known = self._known.moved(change.partition, change.version)
        if account in self._boards:
            board, _ = self._boards[account]
            board.announced = board.announced.moved(change.partition, change.version)
            self._changed.setdefault(account, set()).update(change.sequences)
        self._work.set()

    async def _push(self) -> None:
        """Push what has changed, for ever."""
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await (self._renew() if self._gap else self._push_changed())
            except Exception as error:  # noqa: BLE001  as above
                _say(error)
                self._gap = True  # what was to be pushed is not known any more
                await asyncio.sleep(_PAUSE)
                self._work.set()
            await asyncio.sleep(INTERVAL)

    async def _push_changed(self) -> None:
        changed, self._changed = self._changed, {}
        for account, sequences in changed.items():
            if account in self._boards:  # of no sequence, if only dashboards have changed
                board, _ = self._boards[account]
                upto = board.announced
                found = await self._read(account, sequences)
                if found.versions.generation != upto.generation:
                    self._gap = True
                    self._work.set()
                    return
                board.push(found, upto)

    async def _renew(self) -> None:
        self._gap = False
        self._changed = {}
        for account, (board, _) in list(self._boards.items()):
            found = await self._read(account, None)
            board.renew(found)
            self._known = found.versions
        # At most as often as commits are checked for: it is much to read and to tell.
        await asyncio.sleep(CHECK - INTERVAL)

    async def _check(self) -> None:
        """Notice commits that nobody announces, for ever."""
        while True:
            await asyncio.sleep(CHECK)
            account = next(iter(self._boards), None)
            if account is None:
                self._known = self._stood = None
                continue
            known = self._known
            try:
                found = await self._read(account, ())
            except (StoreError, Busy):
                continue  # whoever pushes says so
            except Exception as error:  # noqa: BLE001  as above
                _say(error)
                self._gap = True
                self._work.set()
                continue
            stood, self._stood = self._stood, found.versions
            if self._known is None:
                self._known = found.versions
            elif (stood is not None and not self._known.contains(stood)) or (known is not None and not found.versions.contains(known)):
                self._gap = True
            if self._gap:
                self._work.set()


def _say(error: Exception) -> None:
    """Why live readers wait; of what nobody has thought of, all that there is to say."""
    expected = isinstance(error, StoreError | Busy)
    logger.log(logging.WARNING if expected else logging.ERROR, "live readers wait: %s", error, exc_info=None if expected else error)
