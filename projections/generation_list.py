"""The generations as people see them: what state each is in, how far behind the log, and which code has made it."""

from dataclasses import dataclass
from typing import Literal

from events.rfc3339 import format_time
from projections.code_hash import code_hash
from projections.generations import Known
from projections.reports.as_of import Ends
from projections.tables.reading import Keys, Layout, ProgressPart
from projections.tables.store import WritableStore

State = Literal["active", "previous", "complete", "building"]


@dataclass(frozen=True, slots=True)
class ListedGeneration:
    """A line of the list. `lag` is None where the ends of the log are not known."""

    generation: int
    state: State
    active: bool
    made_at: str
    code_hash: str
    this_code: bool
    """Whether that is the code of this version."""
    partitions: int
    shards: int
    applied: int
    """Offsets of all lanes, added up."""
    lag: int | None
    until: dict[str, int]
    offsets: dict[str, int]
    """topic/partition -> the next offset to apply."""


async def generation_list(store: WritableStore, known: Known, ends: Ends | None) -> list[ListedGeneration]:
    """All of them, by number. Raises `StoreError`."""
    return [await _listed(store, known, number, ends) for number in sorted(known.generations)]


async def _listed(store: WritableStore, known: Known, number: int, ends: Ends | None) -> ListedGeneration:
    one = known[number]
    part = ProgressPart()
    progress = part.answer(await store.ask(part.questions(Keys(Layout(number, one.shards, one.partitions), ""))))
    offsets = {(topic, partition): offset for partition, lane in enumerate(progress) for topic, offset in lane.offsets.items()}
    return ListedGeneration(
        generation=number,
        state=_state(known, number),
        active=number == known.active,
        made_at=format_time(one.made_at),
        code_hash=one.code_hash,
        this_code=one.code_hash == code_hash(),
        partitions=one.partitions,
        shards=one.shards,
        applied=sum(offsets.values()),
        lag=None if ends is None else sum(max(0, end - offsets.get(place, 0)) for place, end in ends.items()),
        until=one.until,
        offsets={f"{topic}/{partition}": offset for (topic, partition), offset in sorted(offsets.items())},
    )


def _state(known: Known, number: int) -> State:
    if number == known.active:
        return "active"
    if number == known.previous:
        return "previous"
    return "complete" if number in known.complete else "building"
