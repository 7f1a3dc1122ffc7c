"""Telling live readers what commits have changed, beside the work: nothing waits for it, and nothing depends on it."""

import asyncio
import logging
from typing import Final

from projections.changes import changes, encode
from projections.tables.store import Commit, Question, StoreError, WritableStore

logger = logging.getLogger("tally.worker")

_MOST_WAITING: Final = 1_000
"""What is told is soon old: while the store is slow the older half is dropped, and readers notice by the versions."""


class Announcer:
    """Publishes in the store, one transaction at a time. What cannot be published is dropped."""

    def __init__(self, store: WritableStore) -> None:
        self._store = store
        self._waiting: list[Question] = []
        self._telling: asyncio.Task[None] | None = None

    def tell(self, commit: Commit, version: int) -> None:
        """Have it told, soon, that a commit made this version."""
        self._waiting += [("PUBLISH", channel, encode(change)) for channel, change in changes(commit, version).items()]
        if len(self._waiting) > _MOST_WAITING:
            del self._waiting[: _MOST_WAITING // 2]
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        try:
            while self._waiting:
                told, self._waiting = self._waiting, []
                await self._store.change(told)
        except StoreError as error:
            logger.debug("live readers are not told: %s", error)
        finally:
            self._telling = None
