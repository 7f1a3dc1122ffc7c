"""Telling live readers: one transaction at a time, beside the work, and of no account to it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from projections.changes import CHANNEL, decode
from projections.tables.memory import MemoryStore
from projections.tables.store import Commit, Question, StoreUnavailable
from streams.announcer import Announcer


def commit(account: str = "default", sequence: str = "s-1") -> Commit:
    return Commit("tally:{1.0}:partition:2", 0, {}, 0, counters={f"tally:{{1.0}}:chunks:{account}": {f"2:0:{sequence}": 1}})


class SlowStore(MemoryStore):
    """Waits to be let on, and counts what was told at once."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.at_once: list[int] = []
        self.fails = False

    async def change(self, commands: Sequence[Question]) -> list[Any]:
        self.at_once.append(len(commands))
        await self.gate.wait()
        if self.fails:
            raise StoreUnavailable("away")
        return await super().change(commands)


async def test_every_commit_is_told_on_the_channel_of_its_account() -> None:
    store = MemoryStore()
    announcer = Announcer(store)
    announcer.tell(commit(), 1)
    announcer.tell(commit("acme", "s-2"), 2)
    await asyncio.sleep(0.01)
    assert [(channel, decode(message).sequences) for channel, message in store.published] == [
        (f"{CHANNEL}default", ["s-1"]),
        (f"{CHANNEL}acme", ["s-2"]),
    ]


async def test_nobody_waits_and_what_waits_goes_together() -> None:
    store = SlowStore()
    announcer = Announcer(store)
    for version in range(1, 51):
        announcer.tell(commit(), version)
        await asyncio.sleep(0)
    store.gate.set()
    await asyncio.sleep(0.01)
    assert store.at_once == [1, 49]
    assert [decode(message).version for _, message in store.published] == list(range(1, 51))


async def test_a_store_that_does_not_take_it_harms_nothing_and_is_told_of_the_next_commit() -> None:
    store = SlowStore()
    store.gate.set()
    store.fails = True
    announcer = Announcer(store)
    announcer.tell(commit(), 1)
    await asyncio.sleep(0.01)
    store.fails = False
    announcer.tell(commit(), 2)
    await asyncio.sleep(0.01)
    assert [decode(message).version for _, message in store.published] == [2]


async def test_what_waits_is_bounded_and_the_newest_stays() -> None:
    store = SlowStore()
    announcer = Announcer(store)
    for version in range(1, 5001):
        announcer.tell(commit(), version)
        if version == 1:
            await asyncio.sleep(0)
    store.gate.set()
    await asyncio.sleep(0.05)
    assert len(store.published) <= 1001
    assert decode(store.published[-1][1]).version == 5000
