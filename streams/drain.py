"""The end of a drain: the log's ends at its start, and whether the store has come that far."""

from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Final, NamedTuple

from events.log.port import Log
from events.topics import SOURCE_TOPICS
from projections.tables.store import WritableStore
from streams.positions import Lane, check_log, reached, stored_positions
from streams.target import Enter, Target
from streams.threads import in_thread

_DOUBT_AFTER: Final = 1.0


class Progress(NamedTuple):
    """Records: those that are applied, and those that are to be."""

    applied: int
    total: int


class Drain:
    """Whether the store has all that was in the log when the drain began, whichever worker applied it. `total`: the sum of the ends."""

    def __init__(self, log: Log, store: WritableStore, enter: Enter, ends: Mapping[Lane, int]) -> None:
        self.total = sum(ends.values())
        self._log = log
        self._store = store
        self._enter = enter
        self._goals = ends
        self._ends = dict(ends)  # without those that are as good as reached
        self._left: dict[Lane, int] = {}
        self._moved = monotonic()

    @classmethod
    async def begin(cls, log: Log, store: WritableStore, target: Target) -> "Drain":
        """Of all that the target wants."""
        found = await in_thread(partial(log.ends, SOURCE_TOPICS))
        ends = {Lane(*place): end for place, end in found.items() if target.wants(place[1])}
        return cls(log, store, target.enter, {lane: min(end, target.until.get(lane, end)) for lane, end in ends.items()})

    async def check_log(self, *, allow_gaps: bool) -> None:
        """Raise `HoleInLog` unless the log is the one that was applied: where nothing is left to read, nobody else asks."""
        applied = await reached(self._store, await self._enter(), {lane.partition for lane in self._goals})
        await check_log(self._log, applied, allow_gaps=allow_gaps)

    async def progress(self) -> Progress:
        stored = await stored_positions(self._store, await self._enter(), {lane.partition for lane in self._goals})
        return Progress(sum(min(stored[lane], end) for lane, end in self._goals.items()), self.total)

    async def is_done(self) -> bool:
        stored = await stored_positions(self._store, await self._enter(), {lane.partition for lane in self._ends})
        left = {lane: stored[lane] for lane, end in self._ends.items() if stored[lane] < end}
        if left != self._left:
            self._left, self._moved = left, monotonic()
        elif monotonic() - self._moved > _DOUBT_AFTER:
            # The last offsets may hold no record: compaction and transactions leave such tails, and no batch will ever reach the end.
            bare = await in_thread(lambda: [lane for lane, offset in left.items() if not self._holds(lane, offset)])
            for lane in bare:
                del self._ends[lane], left[lane]
            self._moved = monotonic()
        return not left

    def _holds(self, lane: Lane, offset: int) -> bool:
        return any(record.offset < self._ends[lane] for record in self._log.read(*lane, offset, 1))
