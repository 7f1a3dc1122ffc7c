"""What is published in the tables is heard by whoever listens, on one server and on a cluster."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import aclosing
from urllib.parse import urlsplit

import pytest

from projections.changes import CHANNEL, Change, encode
from projections.tables import subscription
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


async def test_a_connection_that_has_died_without_a_word_is_noticed(valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As behind a firewall that drops what it has forgotten: nothing comes any more, and nothing says so."""
    monkeypatch.setattr(subscription, "_SILENCE", 0.2)
    swallowing = asyncio.Event()
    path = urlsplit(valkey).path

    carrying: list[asyncio.Task[object]] = []

    async def between(reader: StreamReader, writer: StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(path)
        carrying.append(asyncio.create_task(_carry(reader, ours, swallowing)))
        carrying.append(asyncio.create_task(_carry(theirs, writer, swallowing)))

    server = await asyncio.start_server(between, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with asyncio.timeout(20), server, aclosing(heard(f"redis://127.0.0.1:{port}/0")) as hearing:
        for _ in range(4):  # silence alone is no fault
            assert await anext(hearing) is None
        swallowing.set()
        with pytest.raises(StoreUnavailable, match="no answer for"):
            await _exhausted(hearing)
    for task in carrying:
        task.cancel()
    await asyncio.gather(*carrying, return_exceptions=True)


async def _exhausted(hearing: AsyncIterator[object]) -> None:
    async for _ in hearing:
        pass


async def _carry(reader: StreamReader, writer: StreamWriter, swallowing: asyncio.Event) -> None:
    try:
        while data := await reader.read(1 << 16):
            if not swallowing.is_set():
                writer.write(data)
    finally:
        writer.close()
        await writer.wait_closed()
