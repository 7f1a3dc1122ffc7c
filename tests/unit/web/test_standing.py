"""One read tells all who ask meanwhile, and nobody is told less than was there when they asked."""

import asyncio
from queue import SimpleQueue
from time import monotonic
from typing import Any

import pytest

from web.calls import Calls
from web.standing import Standing


class Tables:
    """Tables that are read when the test lets them; a reading is the number of commits when it began."""

    def __init__(self) -> None:
        self.commits = 0
        self.reads = 0
        self._gates: SimpleQueue[Exception | None] = SimpleQueue()

    def read(self, _account: str) -> Any:
        began = self.commits
        self.reads += 1
        error = self._gates.get(timeout=10)
        if error is not None:
            raise error
        return began

    def let_go(self, error: Exception | None = None) -> None:
        self._gates.put(error)

    async def reading(self, reads: int) -> None:
        """Wait until so many reads have begun, and a little longer: were there more, they would have begun too."""
        deadline = monotonic() + 10
        while self.reads < reads:
            assert monotonic() < deadline
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        assert self.reads == reads


def standing_of(tables: Tables) -> Standing:
    return Standing(tables.read, Calls(4, "test"))


def ask(standing: Standing, account: str = "a") -> asyncio.Task[Any]:
    return asyncio.create_task(standing.get(account))


def since(standing: Standing, asked: float) -> Any:
    return standing.since("a", asked)


async def test_who_asks_while_one_reads_gets_the_next_reading_and_shares_it() -> None:
    tables = Tables()
    standing = standing_of(tables)
    first = ask(standing)
    await tables.reading(1)
    tables.commits = 1
    others = [ask(standing) for _ in range(5)]
    await tables.reading(1)
    tables.let_go()
    assert await first == 0
    tables.let_go()
    assert [await other for other in others] == [1] * 5, "what was committed before they asked is in what they are told"
    await tables.reading(2)


async def test_who_has_waited_for_a_thread_gets_what_was_read_since_they_asked() -> None:
    tables = Tables()
    standing = standing_of(tables)
    asked = monotonic()
    tables.let_go()
    assert since(standing, asked) == 0
    tables.commits = 1
    assert since(standing, asked) == 0, "it was read after they asked"
    assert tables.reads == 1
    tables.let_go()
    assert since(standing, monotonic()) == 1, "what was committed before they asked is in what they are told"


async def test_accounts_do_not_wait_for_each_other() -> None:
    tables = Tables()
    standing = standing_of(tables)
    both = [ask(standing, "a"), ask(standing, "b")]
    await tables.reading(2)
    tables.let_go()
    tables.let_go()
    assert await asyncio.gather(*both) == [0, 0]


async def test_an_error_is_told_to_all_who_share_the_reading_and_to_nobody_after_them() -> None:
    tables = Tables()
    standing = standing_of(tables)
    sharing = [ask(standing) for _ in range(3)]
    await tables.reading(1)
    tables.let_go(OSError("away"))
    for one in sharing:
        with pytest.raises(OSError, match="away"):
            await one
    later = ask(standing)
    tables.let_go()
    assert await later == 0


async def test_who_waits_no_more_leaves_the_reading_to_the_others() -> None:
    tables = Tables()
    standing = standing_of(tables)
    gone, stays = ask(standing), ask(standing)
    await tables.reading(1)
    gone.cancel()
    tables.let_go()
    assert await stays == 0
