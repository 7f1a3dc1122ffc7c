"""How a worker answers the probes: whether it is alive, and whether it has begun its work."""

import asyncio
from time import monotonic
from typing import Final

from streams.probes import Answer

_BEAT: Final = 1.0


class Health:
    """`patience`: seconds after which an event loop that does not turn counts as stuck."""

    def __init__(self, patience: float) -> None:
        self.failure: Exception | None = None
        """What ends the worker."""
        self.missing: str | None = "it has not started yet"
        """Why it is not ready; None when it is."""
        self._patience = patience
        self._beat = monotonic()

    async def beat(self) -> None:
        """Show for ever that the event loop turns."""
        while True:
            self._beat = monotonic()
            await asyncio.sleep(_BEAT)

    def alive(self) -> Answer:
        """Not so when a restart is the remedy. To wait for a log or a Redis that is away is to be alive."""
        silent = monotonic() - self._beat
        if self.failure is not None:
            return Answer(good=False, text=f"it is ending: {self.failure}")
        if silent > self._patience:
            return Answer(good=False, text=f"its event loop has not turned for {silent:.0f} s")
        return Answer(good=True, text="alive")

    def ready(self) -> Answer:
        """Whether it has its partitions, and log and Redis answered at the last look."""
        missing = self.missing if self.failure is None else f"it is ending: {self.failure}"
        return Answer(good=missing is None, text=missing or "ready")
