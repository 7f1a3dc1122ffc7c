"""What happens in the simulated company, and when the report of it arrives at the log."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any, Final

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

REDELIVERED: Final = 0.015
"""Share of the e-mail events whose webhook is delivered a second time."""


class Occurrence:
    """One thing that happened at `time` (ms since 1970 UTC), reported under (`source`, `id`). `stamped`: its time is settled for good."""

    __slots__ = ("data", "id", "source", "stamped", "time", "type")

    def __init__(self, time: int, type: str, source: str, id: str, data: dict[str, Any]) -> None:
        self.time = time
        self.type = type
        self.source = source
        self.id = id
        self.data = data
        self.stamped = False


class Journal:
    """Everything that has happened or is going to, by the day on which its report arrives.

    Nothing may be entered for a day that was already taken out by `day`.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._days: defaultdict[int, list[tuple[int, int, Occurrence]]] = defaultdict(list)
        self._entries = 0

    def enter(self, time: int, type: str, source: str, data: dict[str, Any], *, late: int = 0) -> Occurrence:
        """Enter an occurrence; its report arrives `late` ms after it, and e-mail events now and then arrive once more."""
        occurrence = Occurrence(time, type, source, f"{self._random.getrandbits(64):016x}", data)
        self._report(time + late, occurrence)
        if type.startswith("email.") and self._random.random() < REDELIVERED:
            self._report(time + late + int(self._random.uniform(5 * SECOND, 20 * MINUTE)), occurrence)
        return occurrence

    def day(self, day: int) -> Iterator[tuple[int, Occurrence]]:
        """Take out one day (days since 1970): each report's arrival and its occurrence, in the order of arrival."""
        return ((arrival, occurrence) for arrival, _, occurrence in sorted(self._days.pop(day, ())))

    def _report(self, arrival: int, occurrence: Occurrence) -> None:
        self._entries += 1
        self._days[arrival // DAY].append((arrival, self._entries, occurrence))


def workday(time: int) -> int:
    """The same time of the next day that is no Saturday or Sunday."""
    weekday = (time // DAY + 3) % 7
    return time + (7 - weekday) * DAY if weekday >= 5 else time


def timestamp(time: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    day, rest = divmod(time, DAY)
    return f"{_date(day)}T{rest // HOUR:02}:{rest // MINUTE % 60:02}:{rest // SECOND % 60:02}.{rest % SECOND:03}Z"


@lru_cache(maxsize=1000)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()
