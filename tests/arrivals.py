"""Events that arrive in a store part by part."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from projections.tables.store import WritableStore
from tests.folding import Folding, log_of


class Arrivals:
    """A history whose events are committed up to any point, later points later."""

    def __init__(self, events: Sequence[Mapping[str, Any]], store: WritableStore) -> None:
        self._events = events
        self._folding = Folding(store)
        self._fed: Counter[tuple[str, int]] = Counter()

    def up_to(self, end: int) -> None:
        """Commit the first `end` events, but for those that are committed already."""
        for lane, records in log_of(self._events[:end]).items():
            news = records[self._fed[lane] :]
            if news:
                asyncio.run(self._folding.feed(*lane, news))
                self._fed[lane] += len(news)
