"""The ends of the log, for `as_of.lag`: asked for now and then, and shared by all requests."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Final

from events.log.port import LogError
from projections.reports.as_of import Ends
from web.calls import Calls

logger = logging.getLogger("tally.web")

AGE: Final = 0.25
"""Seconds for which an answer of the log is good."""
_PATIENCE: Final = 1.0
"""Seconds to wait for it; numbers come without a lag rather than late."""


class SharedEnds:
    """Asks the log at most once in `AGE`, and one question at a time. `ask` blocks, and raises `LogError`."""

    def __init__(self, ask: Callable[[], Ends]) -> None:
        self._ask = ask
        self._calls = Calls(1, "ends")
        self._asked_at = -AGE
        self._asking: asyncio.Task[Ends | None] | None = None
        self._known: Ends | None = None
        self._failed = False

    async def get(self) -> Ends | None:
        """The ends as of `AGE` ago at most; None if the log does not answer."""
        if self._asking is None:
            if monotonic() - self._asked_at < AGE:
                return self._known
            self._asked_at = monotonic()
            self._asking = asyncio.create_task(self._find())
        # While the log keeps us waiting nothing is known: an old answer would look best when it matters most. Nobody waits for one that did
        # not answer the last time.
        patience = 0.0 if self._failed else max(0.0, self._asked_at + _PATIENCE - monotonic())
        await asyncio.wait({self._asking}, timeout=patience)
        return self._known

    async def _find(self) -> None:
        self._known = None
        try:
            self._known = await self._calls.make(self._ask)
            self._failed = False
        except LogError as error:
            self._failed = True
            logger.warning("the lag is unknown: %s", error)
        finally:
            self._asked_at = monotonic()
            self._asking = None
