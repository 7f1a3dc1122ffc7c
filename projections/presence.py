"""Which workers there are: each leaves word of itself, which vanishes when it is not renewed.

    tally:worker:ID    string   JSON of `Presence`, with an expiry

It belongs to no generation and to no shard: on a Redis Cluster every worker's key lies in a slot of its own, so all of this is done with
one key at a time.
"""

from typing import Final

import msgspec

from projections.tables.store import WritableStore

_PREFIX: Final = "tally:worker:"


class Presence(msgspec.Struct, frozen=True):
    """One worker, as of its last word. Times in ms since 1970 UTC; `partitions`: the numbers that it holds; `applied`: events since it
    started."""

    id: str
    host: str
    pid: int
    generation: int
    partitions: list[int]
    applied: int
    started_at: int
    committed_at: int | None


async def publish(store: WritableStore, presence: Presence, seconds: float) -> None:
    """Say that the worker is there, for so long. Raises `StoreError`."""
    await store.change([("SET", f"{_PREFIX}{presence.id}", msgspec.json.encode(presence), "PX", round(seconds * 1000))])


async def leave(store: WritableStore, worker_id: str) -> None:
    """Say that the worker is gone. Raises `StoreError`."""
    await store.change([("UNLINK", f"{_PREFIX}{worker_id}")])


async def present(store: WritableStore) -> list[Presence]:
    """The workers that are there, by id. Raises `StoreError`."""
    found: dict[str, Presence] = {}
    async for keys in store.keys(_PREFIX):
        for key in keys:  # of which some may come twice
            (told,) = await store.ask([("GET", key)])
            if told is not None:  # it may have vanished since
                found[key] = msgspec.json.decode(told, type=Presence)
    return [one for _, one in sorted(found.items())]
