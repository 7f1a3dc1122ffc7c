"""One read tells all who ask meanwhile, and nobody is told less than was there when they asked."""

import asyncio
from typing import Any, cast

import pytest

from projections.tables.reading import Reading
from web.standing import Standing


class Tables:
    """Tables that are read when the test lets them; a reading is the number of commits when it began."""

    def __init__(self) -> None:
        self.commits = 0
        self.reads: list[asyncio.Future[None]] = []

    async def read(self, _account: str) -> Reading:
        began, gate = self.commits, asyncio.get_running_loop().create_future()
        self.reads.append(gate)
        await gate
        return cast(Reading, began)

    async def let_go(self, error: Exception | None = None) -> None:
        gate = self.reads[-1]
        if error:
            gate.set_exception(error)
        else:
            gate.set_result(None)
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def ask(standing: Standing, account: str = "a") -> asyncio.Task[Any]:
    return asyncio.create_task(standing.get(account))


async def test_who_asks_while_one_reads_gets_the_next_reading_and_shares_it() -> None:
    tables = Tables()
    standing = Standing(tables.read)
    first = ask(standing)
    await settle()
    tables.commits = 1
    others = [ask(standing) for _ in range(5)]
    await settle()
    assert len(tables.reads) == 1, "one reading at a time"
    await tables.let_go()
    assert await first == 0
    await tables.let_go()
    assert [await other for other in others] == [1] * 5, "what was committed before they asked is in what they are told"
    assert len(tables.reads) == 2


async def test_accounts_do_not_wait_for_each_other() -> None:
    tables = Tables()
    standing = Standing(tables.read)
    one = ask(standing, "a")
    other = ask(standing, "b")
    await settle()
    assert len(tables.reads) == 2
    await tables.let_go()
    assert await other == 0
    one.cancel()


async def test_an_error_is_told_to_all_who_share_the_reading_and_to_nobody_after_them() -> None:
    tables = Tables()
    standing = Standing(tables.read)
    sharing = [ask(standing) for _ in range(3)]
    await settle()
    await tables.let_go(OSError("away"))
    for one in sharing:
        with pytest.raises(OSError, match="away"):
            await one
    later = ask(standing)
    await settle()
    await tables.let_go()
    assert await later == 0


async def test_who_waits_no_more_leaves_the_reading_to_the_others() -> None:
    tables = Tables()
    standing = Standing(tables.read)
    gone, stays = ask(standing), ask(standing)
    await settle()
    gone.cancel()
    await settle()
    await tables.let_go()
    assert await stays == 0
