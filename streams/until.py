"""The end of a rebuild, as people say it: a time, or offsets."""

from collections.abc import Mapping
from typing import Final

from events.log.port import Log
from events.rfc3339 import parse_time
from events.topics import SOURCE_TOPICS
from streams.positions import Lane

_FORM: Final = "write a time (2026-03-02T10:00:00Z), or offsets as email-events/0=500,email-events/1=480"


def read_until(text: str, log: Log) -> Mapping[Lane, int]:
    """Lane -> the offset at which to end; by offsets only for the lanes that are named. Raises ValueError with what is wrong.

    By time: everything that the log had stamped before it, by its own clock.
    """
    lanes = [Lane(topic, partition) for topic in SOURCE_TOPICS for partition in range(log.partitions(topic))]
    if "=" in text:
        return dict(_offset(part.strip(), lanes) for part in text.split(","))
    try:
        time = parse_time(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is neither a time nor offsets ({error}); {_FORM}") from None
    return {lane: first_at(log, lane, time) for lane in lanes}


def _offset(part: str, lanes: list[Lane]) -> tuple[Lane, int]:
    place, _, offset = part.partition("=")
    topic, _, partition = place.rpartition("/")
    lane = next((lane for lane in lanes if (lane.topic, str(lane.partition)) == (topic, partition)), None)
    if lane is None:
        raise ValueError(f"the log has no {place!r}; {_FORM}")
    if not (offset.isascii() and offset.isdigit()):
        raise ValueError(f"{offset!r} is no offset; {_FORM}")
    return lane, int(offset)


def first_at(log: Log, lane: Lane, time: int) -> int:
    """The offset of the first record of a lane that the log stamped at `time` (ms since 1970 UTC) or later; its end if there is none.

    Found by halving, as stamps do not go back within a partition.
    """
    low, high = log.begin(*lane), log.end(*lane)
    while low < high:
        middle = (low + high) // 2
        records = log.read(*lane, middle, 1)
        if not records or records[0].timestamp >= time:
            high = middle
        else:
            low = records[0].offset + 1
    return low
