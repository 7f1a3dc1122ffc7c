"""Cutover, rollback and drop: which generation is used, and that one is used no more."""

from collections.abc import AsyncIterator

from projections.generations import KEY, Generation, known
from projections.moments import Moment, reach
from projections.tables.layout import generation_prefix
from projections.tables.store import StoreError, WritableStore


async def cutover(store: WritableStore, number: int) -> Generation:
    """Have readers and workers use generation `number`, from one write on. Returns it.

    Workers notice by their next commit, which is refused. After a crash in the middle, another call goes on. Raises `StoreError` for a
    generation that is not there.
    """
    found = await known(store)
    target = found[number]
    for key in target.progress_keys():
        await store.change([("HDEL", key, "successor")])
    before = found.active
    reach(Moment.CUTTING_OVER)
    if before == number:
        before = found.previous
    elif before is None:
        await store.change([("HSET", KEY, "active", str(number))])
    else:
        await store.change([("HSET", KEY, "active", str(number), "previous", str(before))])
    reach(Moment.CUT_OVER)
    if before is not None and before != number and before in found.generations:
        for key in found[before].progress_keys():
            await store.change([("HSET", key, "successor", str(number))])
            reach(Moment.TELLING)
    return target


async def rollback(store: WritableStore) -> Generation:
    """Have readers and workers use the generation again that they used before the last cutover. Returns it.

    Raises `StoreError` if there is none.
    """
    found = await known(store)
    if found.previous is None or found.previous not in found.generations:
        raise StoreError("there is no generation to go back to: none was active before this one, or it was dropped")
    return await cutover(store, found.previous)


async def drop(store: WritableStore, number: int) -> AsyncIterator[int]:
    """Free a generation, in steps small enough to hold nobody up; yields how many keys each step has freed.

    It is taken from the list first: a drop that is interrupted leaves keys that nobody uses, which another drop of the number frees. Raises
    `StoreError` for the active one, and for one that is neither listed nor has left keys.
    """
    found = await known(store)
    if found.active == number:
        raise StoreError(f"generation {number} is the active one, which readers use; cut over to another first (tally cutover)")
    await store.change([("HDEL", KEY, str(number), f"{number}:complete")])
    if found.previous == number:
        await store.change([("HDEL", KEY, "previous")])
    reach(Moment.DROPPING)
    freed = 0
    async for keys in store.keys(generation_prefix(number)):
        for key in keys:
            await store.change([("UNLINK", key)])
            reach(Moment.DROPPED_SOME)
        freed += len(keys)
        yield len(keys)
    if not freed and number not in found.generations:
        raise StoreError(f"generation {number} is not there; see tally generations")
