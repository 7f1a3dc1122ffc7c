"""What a report is as of."""

from collections.abc import Mapping

from pydantic import BaseModel

from events.rfc3339 import format_time
from events.topics import SOURCE_TOPICS
from projections.tables.reading import Reading

Ends = Mapping[tuple[str, int], int]
"""(topic, partition) -> the end offset of the log there."""


class AsOf(BaseModel):
    """How much of the log the numbers contain."""

    generation: int
    applied: int
    """Events that the numbers contain, repetitions included; what went to quarantine is none."""
    lag: int | None
    """Records of the source topics that are in the log but not yet in the numbers; null where the log was not asked."""
    time: str | None
    """Of the last commit; null before the first."""


def as_of(reading: Reading, ends: Ends | None) -> AsOf:
    """The progress of a reading against the ends of the log, where they are known."""
    committed = [one.committed_at for one in reading.progress if one.committed_at is not None]
    return AsOf(
        generation=reading.generation,
        applied=sum(one.events for one in reading.progress),
        lag=lag(reading, ends),
        time=format_time(max(committed)) if committed else None,
    )


def lag(reading: Reading, ends: Ends | None) -> int | None:
    """How many records of the source topics a reading does not contain yet; None where the log was not asked."""
    if ends is None:
        return None
    positions = {(topic, partition): offset for partition, one in enumerate(reading.progress) for topic, offset in one.offsets.items()}
    # The ends may have been asked before the reading, so a partition may seem to be ahead of its end.
    return sum(max(0, end - positions.get(place, 0)) for place, end in ends.items() if place[0] in SOURCE_TOPICS)
