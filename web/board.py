"""The newest headlines of one account, and in which order they came to be news: what every client of the account is told from."""

import asyncio
from collections import deque
from itertools import takewhile
from typing import Final, NamedTuple

from projections.reports.headlines import Headlines
from projections.versions import Versions

_REMEMBERED: Final = 1_000
"""Pushes back to which a client that was away can be told only what it has missed."""


class News(NamedTuple):
    """What a client has not been told yet. `tick` is where it stands then."""

    id: str
    data: bytes
    tick: int


class Board:
    """Lines in the order of their last change; ticks count the pushes. For one event loop, which any number of clients share.

    Nothing is kept for a client but its tick: who is slow is told the newest numbers when it is ready, and misses only those in between.
    """

    def __init__(self) -> None:
        self.tick = 0
        self.whole = False
        """Whether all lines are on it."""
        self.news = asyncio.Event()
        """Is set at the next push, which replaces it."""
        self.opening = asyncio.Lock()
        """Who comes first fills the board, for all who come meanwhile."""
        self.announced = Versions(0, ())
        """Up to where changes were announced. They may not be on the board yet."""
        self._versions = self.announced
        """Up to where everything is on the board."""
        self._lines: dict[str, tuple[int, bytes]] = {}
        self._rest = b""
        self._pushes: deque[tuple[Versions, int]] = deque(maxlen=_REMEMBERED)
        self._told: dict[int, News] = {}

    def renew(self, found: Headlines) -> None:
        """Show everything as news. Where clients were before does not matter any more."""
        self._lines.clear()
        self._pushes.clear()
        self.announced = found.versions
        self.whole = True
        self.push(found, found.versions)

    def push(self, found: Headlines, upto: Versions) -> None:
        """Show some lines as news, with which everything that was announced up to there is on the board."""
        self.tick += 1
        for name, line in found.lines.items():
            self._lines.pop(name, None)  # what is put in anew stands last
            self._lines[name] = (self.tick, line.model_dump_json().encode())
        self._rest = f'"total":{found.total.model_dump_json()},"as_of":{found.as_of.model_dump_json()}'.encode()
        self._versions = upto
        self._pushes.append((upto, self.tick))
        self._told.clear()
        self.news.set()
        self.news = asyncio.Event()

    def since(self, seen: Versions) -> int:
        """The tick from which on a client has to be told that has seen everything up to there; 0: everything."""
        return next((tick for versions, tick in reversed(self._pushes) if seen.contains(versions)), 0)

    def told(self, since: int) -> News:
        """All that is newer than a tick; the same for all who stand there."""
        if since not in self._told:
            changed = takewhile(lambda entry: entry[0] > since, reversed(self._lines.values()))
            data = b'{"sequences":[' + b",".join(line for _, line in changed) + b"]," + self._rest + b"}"
            self._told[since] = News(str(self._versions), data, self.tick)
        return self._told[since]
