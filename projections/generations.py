"""Generations: complete copies of the projection under keys of their own, one of which readers use.

    tally:generations   hash   active      -> G, the generation that readers use
                               previous    -> the one that they used before, for a rollback
                               G           -> JSON of `Generation`
                               last        -> the highest number that was ever given out
                               G:complete  -> ms since 1970 UTC at which a rebuild of G had all that it was to have

Beside it every partition's progress hash has `successor`, from the moment on that another generation has taken over: the commit script
refuses to write there, so that a worker notices in its next commit, wherever in Redis the partition lies.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from projections.code_hash import code_hash
from projections.tables.layout import shard_prefix
from projections.tables.store import Store, StoreError, WritableStore

KEY: Final = "tally:generations"
FIRST: Final = 1


class Generation(msgspec.Struct, frozen=True):
    """One complete copy of the projection. `made_at` in ms since 1970 UTC; `code_hash` of the fold that writes it.

    `until` is for a rebuild up to a point: topic/partition -> the offset at which it ends; empty: it has no end.
    """

    number: int
    partitions: int
    shards: int
    code_hash: str
    made_at: int
    until: dict[str, int] = {}

    def prefix(self, partition: int) -> str:
        """The beginning of the keys that a partition writes."""
        return shard_prefix(self.number, partition % self.shards)

    def progress_key(self, partition: int) -> str:
        """The progress hash of a partition."""
        return f"{self.prefix(partition)}partition:{partition}"

    def progress_keys(self) -> list[str]:
        return [self.progress_key(partition) for partition in range(self.partitions)]


class Known(msgspec.Struct, frozen=True):
    """All that is known of generations."""

    active: int | None
    previous: int | None
    generations: Mapping[int, Generation]
    complete: Mapping[int, int]
    """Generation -> when its rebuild was complete."""

    def __getitem__(self, number: int) -> Generation:
        """Raises `StoreError` for a generation that is not there."""
        found = self.generations.get(number)
        if found is None:
            there = ", ".join(map(str, sorted(self.generations))) or "none"
            raise StoreError(f"generation {number} is not there; there are: {there} (tally generations)")
        return found


def read_known(fields: Mapping[bytes, bytes]) -> Known:
    """What the hash says."""
    numbers = {int(field): value for field, value in fields.items() if field.isdigit()}
    return Known(
        active=None if b"active" not in fields else int(fields[b"active"]),
        previous=None if b"previous" not in fields else int(fields[b"previous"]),
        generations={number: msgspec.json.decode(value, type=Generation) for number, value in sorted(numbers.items())},
        complete={int(field.partition(b":")[0]): int(value) for field, value in fields.items() if field.endswith(b":complete")},
    )


async def known(store: WritableStore) -> Known:
    """All that is known of generations. Raises `StoreError`."""
    (fields,) = await store.ask([("HGETALL", KEY)])
    return read_known(fields)


def active(store: Store) -> Generation | None:
    """The generation that readers use; None before the first worker has run."""
    (fields,) = store.read([("HGETALL", KEY)])
    found = read_known(fields)
    return None if found.active is None else found[found.active]


async def enter(store: WritableStore, partitions: int, now: int, shards: int = 1) -> Generation:
    """The generation that a live worker is to write: the active one, or, in an empty store, the first, registered now over `shards` shards.

    Raises `StoreError` when the active generation was made for another number of partitions or by another fold, or when parts of it are
    gone.
    """
    while True:
        found = await known(store)
        if found.active is None:
            first = Generation(FIRST, partitions, shards, code_hash(), now)
            await make_partitions(store, first)
            await register(store, first)
            await store.claim(KEY, "active", str(FIRST))
            continue
        generation = found[found.active]
        check_made_for(generation, partitions)
        check_written_by_us(generation)
        try:
            await check_partitions(store, generation)
        except StoreError:
            if await known(store) == found:
                raise
            continue  # the store was emptied or set back between the two looks, so they are of two stores
        return generation


async def register(store: WritableStore, generation: Generation) -> Generation:
    """Enter a generation into the list; the one that stands there under its number afterwards."""
    stands = await store.claim(KEY, str(generation.number), msgspec.json.encode(generation).decode())
    return msgspec.json.decode(stands, type=Generation)


async def make_partitions(store: WritableStore, generation: Generation) -> None:
    """Write the beginning of every partition, so that one that goes missing later can be told from one that has not begun."""
    for key in generation.progress_keys():
        await store.claim(key, "version", "0")


async def check_partitions(store: WritableStore, generation: Generation) -> None:
    """Raise `StoreError` when the store has lost partitions of a registered generation."""
    versions = await store.ask([("HGET", key, "version") for key in generation.progress_keys()])
    lost = [str(partition) for partition, version in enumerate(versions) if version is None]
    if lost:
        raise StoreError(
            f"generation {generation.number} is registered, but of partition {', '.join(lost)} nothing is there: Redis has lost keys. "
            "Restore Redis from its backup, or make another generation from the log: tally rebuild, then tally cutover"
        )


def check_written_by_us(generation: Generation) -> None:
    """Raise `StoreError` when another version of the fold writes this generation."""
    if generation.code_hash != code_hash():
        raise StoreError(
            f"generation {generation.number} was written by another version of the fold ({generation.code_hash}, this is {code_hash()}): "
            "run that version, or make a generation with this one beside it: tally rebuild, then tally cutover"
        )


def check_made_for(generation: Generation, partitions: int) -> None:
    """Raise `StoreError` when a generation was made from a log of another shape."""
    if generation.partitions != partitions:
        raise StoreError(
            f"generation {generation.number} was made for {generation.partitions} partitions, the log has {partitions}: "
            "use the log that it was made from (TALLY_LOG), or project this one: tally rebuild, then tally cutover"
        )
