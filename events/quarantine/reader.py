"""Reading the topic `quarantine`: all of it, what came since, or no more than its end."""

from collections.abc import Callable
from typing import Final

from events.log.port import Log, LogError
from events.log.reading import records
from events.quarantine.dead_letter import DeadLetter
from events.quarantine.dead_letters import DeadLetters, Letter
from events.topics import QUARANTINE

_AT_ONCE: Final = 500
"""Records in one run: a letter may be as large as a record can be."""


class QuarantineReader:
    """What is known of the dead letters of a log; a few hundred bytes are held for each.

    `newest`: begin so many records before the end of the topic; None begins at its beginning.
    """

    def __init__(self, log: Log, *, newest: int | None = None) -> None:
        self.dead_letters = DeadLetters()
        self._log = log
        self._newest = newest
        self._next: dict[int, int] = {}
        self.is_whole = True
        """Whether it began at the beginning of the topic."""

    def read_on(self, on_progress: Callable[[int, int], None] = lambda _read, _total: None) -> None:
        """Take what has come since the last call. `on_progress` hears how many offsets are read, and of how many. Raises `LogError`."""
        ends = {partition: end for (_, partition), end in self._log.ends([QUARANTINE]).items()}
        if not self._next:
            self._begin(ends)
        total, done = sum(max(0, end - self._next[partition]) for partition, end in ends.items()), 0
        for partition, end in ends.items():
            before = done

            def note(read: int, before: int = before) -> None:
                on_progress(before + read, total)

            start = self._next[partition]
            for record in records(self._log, QUARANTINE, partition, start, end, at_once=_AT_ONCE, on_read=note):
                self.dead_letters.take(record)
            self._next[partition] = max(start, end)
            done += max(0, end - start)

    def whole(self, letter: Letter) -> DeadLetter:
        """The letter with its bytes. Raises `LogError`."""
        found = self._log.read(QUARANTINE, letter.place.partition, letter.place.offset, 1)
        if not found or found[0].offset != letter.place.offset:
            raise LogError(f"{letter.place} is not in the log any more, though nothing of that topic may expire: restore it from a backup")
        return DeadLetter.read(found[0])

    def _begin(self, ends: dict[int, int]) -> None:
        share = None if self._newest is None else -(-self._newest // len(ends))
        for partition, end in ends.items():
            begin = self._log.begin(QUARANTINE, partition)
            self._next[partition] = begin if share is None else max(begin, end - share)
            self.is_whole = self.is_whole and self._next[partition] == begin
