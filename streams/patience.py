"""Waiting for what is away: as long as it takes, with a message every few seconds."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, TypeVar

from events.log.port import LogUnavailable
from projections.tables.store import StoreUnavailable

T = TypeVar("T")
logger = logging.getLogger("tally.worker")

AWAY: Final = (LogUnavailable, StoreUnavailable)
_RETRY_AFTER: Final = 0.5


class Patience:
    """`interval`: seconds between two messages."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._told = monotonic() - interval

    async def ask(self, what: str, question: Callable[[], Awaitable[T]]) -> T:
        """The answer, as soon as `what` is there to give one. Other errors than its absence are raised."""
        while True:
            attempt = asyncio.ensure_future(question())
            try:
                while not (await asyncio.wait({attempt}, timeout=self._interval))[0]:
                    self.tell(f"waiting for {what}")
                return attempt.result()
            except AWAY as error:
                await self.pause(f"waiting for {what}: {error}")
            finally:
                attempt.cancel()

    async def pause(self, message: str) -> None:
        """A moment before the next attempt."""
        self.tell(message)
        await asyncio.sleep(_RETRY_AFTER)

    def tell(self, message: str) -> None:
        now = monotonic()
        if now - self._told >= self._interval:
            self._told = now
            logger.warning("%s", message)
