"""Generations: entering, cutting over, going back, dropping; and what an interruption leaves."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from projections import generations, takeover
from projections.code_hash import code_hash
from projections.generations import Generation
from projections.tables.memory import MemoryStore
from projections.tables.store import Commit, Committed, Question, Refused, StoreError

NOW = 1_772_445_600_000


async def store_with(*numbers: int, active: int = 1, shards: int = 1) -> MemoryStore:
    store = MemoryStore()
    for number in numbers:
        made = Generation(number, 3, shards, code_hash(), NOW)
        await generations.make_partitions(store, made)
        await generations.register(store, made)
    await store.claim(generations.KEY, "active", str(active))
    return store


def commit(generation: Generation, partition: int, version: int = 0) -> Commit:
    return Commit(generation.progress_key(partition), version, {"email-events": (0, 1)}, committed_at=NOW)


async def test_an_empty_store_gets_its_first_generation_once() -> None:
    store = MemoryStore()
    first, second = await asyncio.gather(generations.enter(store, 3, NOW), generations.enter(store, 3, NOW + 1))
    assert first == second
    assert (first.number, first.partitions, first.shards, first.code_hash) == (1, 3, 1, code_hash())
    assert generations.active(store) == first


async def test_shards_have_keys_of_their_own() -> None:
    made = await generations.enter(MemoryStore(), 5, NOW, shards=2)
    assert [made.prefix(partition) for partition in range(5)] == [f"tally:{{1.{partition % 2}}}:" for partition in range(5)]


async def test_a_partition_that_has_gone_stops_whoever_enters() -> None:
    store = await store_with(1)
    del store.hashes["tally:{1.0}:partition:1"]
    with pytest.raises(StoreError, match=r"generation 1 is registered, but of partition 1 nothing is there.*tally rebuild"):
        await generations.enter(store, 3, NOW)


async def test_a_store_that_is_emptied_between_two_looks_has_not_lost_anything() -> None:
    store = await store_with(1, 2, active=2)

    class EmptiedAfterTheFirstLook(MemoryStore):
        async def ask(self, questions: Sequence[Question]) -> list[Any]:
            found = store.read(questions)
            store.hashes.clear()
            self.ask = store.ask  # type: ignore[method-assign]
            return found

        async def claim(self, key: str, field: str, value: str) -> str:
            return await store.claim(key, field, value)

    entered = await generations.enter(EmptiedAfterTheFirstLook(), 3, NOW)
    assert entered.number == 1, "an empty store begins with the first generation"
    assert generations.active(store) == entered


async def test_another_log_and_another_fold_stop_whoever_enters() -> None:
    store = await store_with(1)
    with pytest.raises(StoreError, match="made for 3 partitions, the log has 4"):
        await generations.enter(store, 4, NOW)
    await store.change([("HSET", generations.KEY, "1", b'{"number":1,"partitions":3,"shards":1,"code_hash":"old","made_at":0}')])
    with pytest.raises(StoreError, match=r"another version of the fold \(old, this is \w+\).*tally rebuild, then tally cutover"):
        await generations.enter(store, 3, NOW)


async def test_a_cutover_refuses_commits_to_the_old_generation_and_no_others() -> None:
    store = await store_with(1, 2)
    known = await generations.known(store)
    assert isinstance(store.write(commit(known[1], 0)), Committed)
    await takeover.cutover(store, 2)
    assert store.write(commit(known[1], 0, 1)) == Refused("generation 2 has taken over")
    assert isinstance(store.write(commit(known[2], 0)), Committed)
    assert (await generations.known(store)).active == 2
    assert (await generations.enter(store, 3, NOW)).number == 2


async def test_a_rollback_goes_back_and_forth() -> None:
    store = await store_with(1, 2)
    await takeover.cutover(store, 2)
    assert (await takeover.rollback(store)).number == 1
    known = await generations.known(store)
    assert (known.active, known.previous) == (1, 2)
    assert isinstance(store.write(commit(known[1], 0)), Committed)
    assert isinstance(store.write(commit(known[2], 0)), Refused)
    assert (await takeover.rollback(store)).number == 2


async def test_without_a_cutover_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(StoreError, match="no generation to go back to"):
        await takeover.rollback(await store_with(1))
    store = await store_with(1, 2)
    await takeover.cutover(store, 2)
    async for _ in takeover.drop(store, 1):
        pass
    with pytest.raises(StoreError, match="no generation to go back to"):
        await takeover.rollback(store)


class Interrupted(Exception):
    pass


class Interrupting(MemoryStore):
    """Raises before its change number `at`."""

    at = 1 << 30

    async def change(self, commands: Any) -> list[Any]:
        self.at -= 1
        if self.at < 0:
            raise Interrupted
        return await super().change(commands)


@pytest.mark.parametrize("at", range(8))
async def test_a_cutover_that_is_interrupted_leaves_one_active_generation_and_can_be_repeated(at: int) -> None:
    store = Interrupting()
    for number in (1, 2):
        made = Generation(number, 3, 1, code_hash(), NOW)
        await generations.make_partitions(store, made)
        await generations.register(store, made)
    await store.claim(generations.KEY, "active", "1")
    store.at = at
    try:
        await takeover.cutover(store, 2)
    except Interrupted:
        found = await generations.known(store)
        assert found.active in (1, 2)
        assert isinstance(store.write(commit(found[found.active], 0)), Committed)
        store.at = 1 << 30
        await takeover.cutover(store, 2)
    else:
        assert at >= 7
    known = await generations.known(store)
    assert (known.active, known.previous) == (2, 1)
    assert all(isinstance(store.write(commit(known[1], partition, 0)), Refused) for partition in (1, 2))
    assert isinstance(store.write(commit(known[2], 1)), Committed)


async def test_a_drop_frees_every_key_of_the_generation_and_no_other() -> None:
    store = await store_with(1, 2, 20, active=1)
    freed = [keys async for keys in takeover.drop(store, 2)]
    assert sum(freed) == 3
    known = await generations.known(store)
    assert list(known.generations) == [1, 20]
    assert not [key for key in store.hashes if key.startswith("tally:{2.")]
    assert len([key for key in store.hashes if key.startswith("tally:{20.")]) == 3


async def test_the_active_generation_and_one_that_is_not_there_cannot_be_dropped() -> None:
    store = await store_with(1)
    with pytest.raises(StoreError, match="generation 1 is the active one"):
        [keys async for keys in takeover.drop(store, 1)]
    with pytest.raises(StoreError, match="generation 7 is not there"):
        [keys async for keys in takeover.drop(store, 7)]


async def test_a_drop_that_was_interrupted_is_finished_by_another() -> None:
    store = await store_with(1, 2)
    dropping = takeover.drop(store, 2)
    store.hashes["tally:{2.0}:more"] = {}
    await store.change([("HDEL", generations.KEY, "2")])  # as far as the first had come
    assert sum([keys async for keys in dropping]) == 4
