"""Answers that were given a moment ago, for whoever asks the same while nothing has moved."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class _Kept(NamedTuple):
    moment: Hashable
    value: object
    size: int


class Recent(Generic[T]):
    """Values of moments: one value a key, that of the latest moment it was kept for. `room` in bytes; the longest unused go first."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()

    def find(self, key: Hashable, moment: Hashable) -> T | None:
        """The value of this very moment, if it is there."""
        kept = self._kept.get(key)
        if kept is None or kept.moment != moment:
            return None
        self._kept.move_to_end(key)
        return kept.value  # type: ignore[return-value]

    def keep(self, key: Hashable, moment: Hashable, value: T, size: int) -> None:
        """Keep a value of so many bytes."""
        self._drop(key)
        self._kept[key] = _Kept(moment, value, size)
        self._taken += size
        while self._taken > self._room:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._taken -= dropped.size
