"""The log between two offsets, read in runs, and whether all of it is there."""

from collections.abc import Callable, Iterator, Mapping

from events.log.port import Log
from events.log.record import Record
from events.topics import TOPICS
from streams.positions import HoleInLog, Lane, check_follows

_AT_ONCE = 5000
_COMPACTED = frozenset(topic.name for topic in TOPICS if topic.compacted)


class Stretches:
    """Reads a log from one offset to another.

    `allow_gaps`: whether offsets may be missing in topics that are not compacted. `advanced` is told how many offsets each run has covered.
    """

    def __init__(self, log: Log, *, allow_gaps: bool = False, advanced: Callable[[int], None] = lambda _: None) -> None:
        self.log = log
        self.compacted: dict[Lane, int] = {}
        """Lane -> how many of the offsets that were read hold no record any more."""
        self._allow_gaps = allow_gaps
        self._advanced = advanced

    def check_whole(self, ends: Mapping[Lane, int]) -> None:
        """Raise `HoleInLog` unless every lane can be read from offset 0 to its end."""
        for lane, end in ends.items():
            begin = self.log.begin(*lane) if end else 0
            if begin and lane.topic not in _COMPACTED:
                raise HoleInLog(
                    f"{lane.topic}/{lane.partition} begins at offset {begin}: records 0 to {begin - 1} are gone, so that the tables cannot "
                    "be held against what they said; restore the topic from its backup"
                )
            if end > (found := self.log.end(*lane)):
                raise HoleInLog(
                    f"{lane.topic}/{lane.partition} ends at offset {found}, before {end}, up to which it was applied: the log lost its "
                    "tail or is another one; restore it, or correct TALLY_LOG or TALLY_REDIS"
                )

    def read(self, lane: Lane, start: int, end: int) -> Iterator[list[Record]]:
        """The records from `start` to before `end`. Raises `HoleInLog`, `LogError`."""
        while start < end and (records := self.log.read(*lane, start, min(end - start, _AT_ONCE))):
            run = [record for record in records if record.offset < end]
            following = min(records[-1].offset + 1, end)
            self._check(lane, start, following, run)
            yield run
            self._advanced(following - start)
            start = following

    def _check(self, lane: Lane, start: int, following: int, run: list[Record]) -> None:
        missing = following - start - len(run)
        if missing and lane.topic in _COMPACTED:
            self.compacted[lane] = self.compacted.get(lane, 0) + missing
        elif missing and not self._allow_gaps:
            for record in run:
                check_follows(lane, start, record.offset)
                start = record.offset + 1
            check_follows(lane, start, following)
