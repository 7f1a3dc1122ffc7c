"""What is published in the tables is heard by whoever listens, on one server and on a cluster."""

import asyncio
from contextlib import aclosing

import pytest

from projections.changes import CHANNEL, Change, encode
from projections.tables.redis import RedisWritableStore
from projections.tables.store import StoreUnavailable
from projections.tables.subscription import heard


@pytest.mark.parametrize("server", ["valkey", "redis7", "valkey_cluster", "redis7_cluster"])
async def test_what_is_published_is_heard_in_its_order(request: pytest.FixtureRequest, server: str) -> None:
    url = request.getfixturevalue(server)
    store = RedisWritableStore(url)
    told = [(account, Change(1, 0, version, ["s-1"])) for version in range(3) for account in ("acme", "default", "")]
    try:
        async with asyncio.timeout(20), aclosing(heard(url)) as hearing:
            assert await anext(hearing) is None
            await store.change([("PUBLISH", f"{CHANNEL}acme", b"not ours")])
            await store.change([("PUBLISH", CHANNEL + account, encode(change)) for account, change in told])
            found = [await anext(hearing) for _ in told]
    finally:
        await store.aclose()
    for account in ("acme", "default", ""):  # accounts may be told by different nodes
        assert [one for one in found if one and one[0] == account] == [one for one in told if one[0] == account]


async def test_where_nobody_answers_that_is_said() -> None:
    with pytest.raises(StoreUnavailable, match="does not tell what changes"):
        await anext(heard("redis://127.0.0.1:1/0"))
