"""The watchdog: notices lanes in which records wait while nobody applies them."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from streams.positions import Lane


class Stuck(Exception):
    """Records wait and nothing is applied, though log and Redis are there; a restart is the remedy, and safe."""


class _Sight(NamedTuple):
    token: Hashable
    looks: int
    """At how many looks since it was seen first it was still the same."""


class Watchdog:
    """Counts looks rather than seconds: a process that was paused, or had no processor, and goes on has not been stuck.

    `looks`: at how many in a row a lane has to be unchanged.
    """

    def __init__(self, looks: int) -> None:
        self._limit = looks
        self._seen: dict[Lane, _Sight] = {}

    def look(self, waiting: Mapping[Lane, Hashable]) -> list[Lane]:
        """The lanes that are stuck, of all lanes in which records wait.

        Each comes with a token that changes whenever something is done about it: its position, and the commits it waits for.
        """
        before, self._seen = self._seen, {}
        for lane, token in waiting.items():
            seen = before.get(lane)
            self._seen[lane] = _Sight(token, seen.looks + 1 if seen is not None and seen.token == token else 0)
        return [lane for lane, sight in self._seen.items() if sight.looks >= self._limit]

    def forgive(self, lane: Lane | None = None) -> None:
        """Begin anew with a lane, or with all of them: there was a reason to stand still."""
        if lane is None:
            self._seen.clear()
        else:
            self._seen.pop(lane, None)
