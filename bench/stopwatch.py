"""What a measured process takes down of itself: from the first batch handed to the projector to the last one committed."""

from time import monotonic, process_time
from typing import Any, TypedDict

from projections.tables.store import Refused
from streams.projector import Applied, Batch, Projector


class Measured(TypedDict):
    """`seconds` by the clock and `cpu_seconds` of the whole process, all threads, for `events` in `commits`."""

    events: int
    commits: int
    seconds: float
    cpu_seconds: float


class Stopwatch:
    """Runs from its first `begin` to its last `end`; so the start of the process and the joining of the group do not count."""

    def __init__(self) -> None:
        self.events = 0
        self.commits = 0
        self._began: tuple[float, float] | None = None
        self._ended = (0.0, 0.0)

    def begin(self) -> None:
        if self._began is None:
            self._began = monotonic(), process_time()

    def end(self, events: int) -> None:
        self.events += events
        self.commits += 1
        self._ended = monotonic(), process_time()

    def measured(self) -> Measured:
        began = self._began or self._ended
        return {
            "events": self.events,
            "commits": self.commits,
            "seconds": self._ended[0] - began[0],
            "cpu_seconds": self._ended[1] - began[1],
        }


class TimedProjector(Projector):
    """The projector, under a stopwatch."""

    def __init__(self, stopwatch: Stopwatch, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._stopwatch = stopwatch

    async def apply(self, *batches: Batch) -> Applied | Refused:
        self._stopwatch.begin()
        outcome = await super().apply(*batches)
        if isinstance(outcome, Applied):
            self._stopwatch.end(outcome.events)
        return outcome
