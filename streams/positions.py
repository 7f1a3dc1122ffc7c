"""Where the streams stand: the positions that the store keeps, held against what the log still has."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from events.log.port import Log
from events.topics import SOURCE_TOPICS, TOPICS
from projections.generations import Generation
from projections.tables.store import WritableStore
from streams.threads import in_thread

_COMPACTED = frozenset(topic.name for topic in TOPICS if topic.compacted)


class Lane(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class HoleInLog(Exception):
    """Records are missing from the log that were never applied, or were applied and are gone; the message names the remedy."""


async def stored_positions(store: WritableStore, generation: Generation, partitions: Iterable[int]) -> dict[Lane, int]:
    """The next offset to apply of every source topic in these partitions, as the store has it now; 0 where nothing was applied."""
    numbers = list(partitions)
    fields = [f"offset:{topic}" for topic in SOURCE_TOPICS]
    answers = await store.ask([("HMGET", generation.progress_key(number), *fields) for number in numbers]) if numbers else []
    return {
        Lane(topic, number): int(offset or 0)
        for number, offsets in zip(numbers, answers, strict=True)
        for topic, offset in zip(SOURCE_TOPICS, offsets, strict=True)
    }


def near_begin(lane: Lane, position: int, begin: int, end: int) -> str | None:
    """A warning, if a log that is cut from below may soon lose what was not applied.

    That is: something was cut, something waits, and less than a tenth of what the log still holds lies before the position.
    """
    if not begin or position >= end or (position - begin) * 10 >= end - begin:
        return None
    return (
        f"{lane.topic}/{lane.partition} is applied up to offset {position}, {position - begin} records behind the log's begin at {begin}, "
        f"and {end - position} records wait: what is deleted next was never applied; end the deletion (tally topics check names what is "
        "wrong)"
    )


def check_follows(lane: Lane, start: int, first: int) -> None:
    """Raise `HoleInLog` when the record read first does not stand where reading had to go on. Compaction alone may cause that."""
    if first > start and lane.topic not in _COMPACTED:
        raise HoleInLog(
            f"{lane.topic}/{lane.partition} holds nothing from offset {start} to {first - 1}: records were removed from the log; restore "
            "the topic, or, where publishers write in transactions, which leave such gaps, set TALLY_ALLOW_GAPS=true"
        )


async def check_holes(log: Log, positions: Mapping[Lane, int], *, allow_gaps: bool = False) -> None:
    """Raise `HoleInLog` unless reading can go on from all of these positions. `allow_gaps`: the log may begin behind them."""
    begins, ends = await in_thread(lambda: _extent(log, positions))
    for lane, offset in positions.items():
        if begins[lane] > offset and not allow_gaps:
            raise HoleInLog(
                f"{lane.topic}/{lane.partition} begins at offset {begins[lane]}, behind {offset}, where reading has to go on: the records "
                "between were never applied; restore the topic, or go on without them by TALLY_ALLOW_GAPS=true"
            )
        if ends[lane] < offset:
            raise HoleInLog(
                f"{lane.topic}/{lane.partition} ends at offset {ends[lane]}, before {offset}, up to which it was applied: the log lost its "
                "tail or is another one; restore it, correct TALLY_LOG or TALLY_REDIS, or project this one anew: tally rebuild, then "
                "tally cutover"
            )


def _extent(log: Log, lanes: Iterable[Lane]) -> tuple[dict[Lane, int], Mapping[tuple[str, int], int]]:
    # The ends last, so that the log cannot seem to end before it begins while it grows.
    begins = {lane: log.begin(*lane) for lane in lanes}
    return begins, log.ends(sorted({lane.topic for lane in lanes}))
