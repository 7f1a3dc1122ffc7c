"""Room for what comes in: bytes that are read, and of events those that are judged and not yet in the log.

Who finds none is told to come again; nobody queues.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from web.problems import Problem, away


class Share:
    """What somebody has of the room."""

    def __init__(self, room: "Room", account: str) -> None:
        self.size = 0
        self._room = room
        self._account = account

    def grow(self, size: int) -> None:
        """Take so many bytes more. Raises `Problem`: 429 if the account has its half, 503 if there is no room."""
        self._room.grow(self._account, size)
        self.size += size


class Room:
    """`size` bytes in all, of which one account takes half at most. For one event loop."""

    def __init__(self, size: int) -> None:
        self.taken = 0
        self._size = size
        self._taken_by: Counter[str] = Counter()

    @contextmanager
    def take(self, account: str, size: int) -> Iterator[Share]:
        """Take room for as long as the context lasts. Raises as `Share.grow` does."""
        share = Share(self, account)
        share.grow(size)
        try:
            yield share
        finally:
            self.taken -= share.size
            self._taken_by[account] -= share.size
            if not self._taken_by[account]:
                del self._taken_by[account]

    def grow(self, account: str, size: int) -> None:
        if self._taken_by[account] + size > self._size // 2:
            told = f"{self._taken_by[account]:,} bytes of this account are on their way already; wait for the answers to some"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", told, headers={"Retry-After": "1"})
        if self.taken + size > self._size:
            raise away("more comes in than the log takes; tell it again later")
        self.taken += size
        self._taken_by[account] += size
