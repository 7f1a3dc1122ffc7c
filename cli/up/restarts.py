"""When a part that has ended is started again, and when that is hopeless."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from cli.failure import WRONG_CALL

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
SOON: Final = 20.0
"""Seconds; who ends earlier has not come far."""
MOST_FAILURES: Final = 3
"""Failures soon after the start, one after the other: the cause does not go away by itself."""


class Restarts:
    """Those of one part. Pauses double as long as it ends soon after its start; `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._short_lives = 0
        self._failures = 0

    def started(self) -> None:
        """Note that it has been started."""
        self._began = self._clock()

    def ended(self, code: int) -> float | None:
        """Seconds until it is to be started again; None if that is hopeless.

        `code` is its exit code; below zero it was ended by a signal, from which nothing follows about the next time.
        """
        if self._clock() - self._began >= SOON:
            self._short_lives = self._failures = 0
        self._failures = self._failures + 1 if code > 0 else 0
        if code == WRONG_CALL or self._failures >= MOST_FAILURES:
            return None
        pause = min(FIRST_PAUSE * 2.0 ** min(self._short_lives, 16), LONGEST_PAUSE)
        self._short_lives += 1
        return pause
