"""A steady flow out of an endless story."""

from collections.abc import Callable, Iterator
from itertools import islice
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Flow(Generic[T]):
    """Takes `rate` items a second out of `items`, whenever it is asked; `clock` in seconds."""

    def __init__(self, items: Iterator[T], rate: float, clock: Callable[[], float] = monotonic) -> None:
        self._items = items
        self._rate = rate
        self._clock = clock
        self._begin = clock()
        self.taken = 0

    def due(self) -> Iterator[T]:
        """What has come due since the last call. After a long break at most what is due in a second: the rest of the break is forgotten."""
        due = int((self._clock() - self._begin) * self._rate) - self.taken
        if due > self._rate + 1:
            self._begin += (due - self._rate) / self._rate
            due = max(1, int(self._rate))
        self.taken += max(0, due)
        return islice(self._items, max(0, due))
