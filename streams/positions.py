"""Where the streams stand: the positions that the store keeps, held against what the log still has."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from events.log.port import Log
from events.rfc3339 import format_time
from events.topics import SOURCE_TOPICS, TOPICS
from projections.generations import Generation
from projections.tables.store import WritableStore
from streams.threads import in_thread

_COMPACTED = frozenset(topic.name for topic in TOPICS if topic.compacted)


class Lane(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Reached(NamedTuple):
    """How far a lane is applied. `stamp`: that of the last record applied, by the clock of the log; None where that is not known."""

    offset: int
    stamp: int | None = None


class HoleInLog(Exception):
    """Records are missing from the log that were never applied, or were applied and are gone; the message names the remedy."""


class AnotherLog(HoleInLog):
    """What was applied came from another log, or from a topic that was made anew since; the message names the remedy."""


async def reached(store: WritableStore, generation: Generation, partitions: Iterable[int]) -> dict[Lane, Reached]:
    """How far every source topic is applied in these partitions, as the store has it now; offset 0 where nothing was."""
    numbers = list(partitions)
    fields = [f"{field}:{topic}" for topic in SOURCE_TOPICS for field in Reached._fields]
    answers = await store.ask([("HMGET", generation.progress_key(number), *fields) for number in numbers]) if numbers else []
    return {
        Lane(topic, number): Reached(int(offset or 0), None if stamp is None else int(stamp))
        for number, found in zip(numbers, answers, strict=True)
        for topic, offset, stamp in zip(SOURCE_TOPICS, found[::2], found[1::2], strict=True)
    }


async def stored_positions(store: WritableStore, generation: Generation, partitions: Iterable[int]) -> dict[Lane, int]:
    """The next offset to apply of every source topic in these partitions, as the store has it now; 0 where nothing was applied."""
    return {lane: one.offset for lane, one in (await reached(store, generation, partitions)).items()}


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


async def check_log(log: Log, applied: Mapping[Lane, Reached], *, allow_gaps: bool = False) -> None:
    """Raise `HoleInLog` unless reading can go on from where these lanes are applied. `allow_gaps`: the log may begin behind that."""
    begins, ends = await in_thread(lambda: _extent(log, applied))
    for lane, (offset, _) in applied.items():
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
    await in_thread(lambda: check_same_log(log, {lane: one for lane, one in applied.items() if begins[lane] < one.offset}))


def check_same_log(log: Log, applied: Mapping[Lane, Reached]) -> None:
    """Raise `AnotherLog` if the last record applied is not the one that the log has there.

    Offsets do not tell a topic that was made anew and is as long again. The stamp of a record does: the log gave it, and time has gone on.
    A record that is there no more, as after compaction, says nothing.
    """
    for lane, (offset, stamp) in applied.items():
        if not offset or stamp is None:
            continue
        for record in log.read(*lane, offset - 1, 1):
            if record.offset == offset - 1 and record.timestamp != stamp:
                raise AnotherLog(
                    f"{lane.topic}/{lane.partition} holds another record at offset {record.offset} than the one that was applied, stamped "
                    f"{format_time(record.timestamp)} and not {format_time(stamp)}: the topic was made anew, or the log is another one; "
                    "correct TALLY_LOG or TALLY_REDIS, or project this one anew: tally rebuild, then tally cutover"
                )


def _extent(log: Log, lanes: Iterable[Lane]) -> tuple[dict[Lane, int], Mapping[tuple[str, int], int]]:
    # The ends last, so that the log cannot seem to end before it begins while it grows.
    begins = {lane: log.begin(*lane) for lane in lanes}
    return begins, log.ends(sorted({lane.topic for lane in lanes}))
