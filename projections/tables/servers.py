"""What is behind the address of a Redis: one server, or the nodes of a Redis Cluster. Whoever answers is asked which it is."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import redis
import redis.exceptions

from projections.tables.cluster import SLOTS, AsyncCluster, Cluster
from projections.tables.store import Question

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis

T = TypeVar("T")


class OneServer:
    """One server, which answers everything in one transaction."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def parts(self, questions: Sequence[Question]) -> list[Sequence[int]]:
        return [range(len(questions))] if questions else []

    def on(self, _key: str, use: Callable[[redis.Redis], T]) -> T:
        return use(self._client)

    def close(self) -> None:
        self._client.close()


class AsyncOneServer:
    """The same for one event loop."""

    def __init__(self, url: str, client: "AsyncRedis") -> None:
        self._url = url
        self._client = client

    def parts(self, questions: Sequence[Question]) -> list[Sequence[int]]:
        return [range(len(questions))] if questions else []

    async def on(self, _key: str, use: Callable[["AsyncRedis"], Awaitable[T]]) -> T:
        return await use(self._client)

    async def at(self, _url: str, use: Callable[["AsyncRedis"], Awaitable[T]]) -> T:
        return await use(self._client)

    async def primaries(self) -> list[str]:
        return [self._url]

    async def aclose(self) -> None:
        await self._client.aclose()


Servers = OneServer | Cluster
AsyncServers = AsyncOneServer | AsyncCluster


def servers(url: str, client: redis.Redis, connect: Callable[[str], redis.Redis]) -> Servers:
    """What is behind `url`, to which `client` leads; `connect` makes other clients. Raises the errors of Redis."""
    try:
        told = client.execute_command(SLOTS)  # type: ignore[no-untyped-call]
    except redis.exceptions.ResponseError:  # a server without cluster support, or one that hides what it has
        return OneServer(client)
    return Cluster(url, client, connect, told)


async def async_servers(url: str, client: "AsyncRedis", connect: Callable[[str], "AsyncRedis"]) -> AsyncServers:
    """The same for one event loop."""
    try:
        told = await client.execute_command(SLOTS)  # type: ignore[no-untyped-call]
    except redis.exceptions.ResponseError:
        return AsyncOneServer(url, client)
    return AsyncCluster(url, client, connect, told)
