"""A Redis Cluster: several servers, each of which has some of the 16,384 hash slots, and so some of the shards.

Each primary gets a plain client of its own, so that a transaction is there what it is on one server. A node that answers MOVED has done
nothing, and what it was asked goes to the node that has the slot now. All other trouble is for the caller; after it, somebody is asked anew
who has which slot, as another node may have taken over.
"""

from collections.abc import Awaitable, Callable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlsplit

import redis
import redis.exceptions
from redis.crc import key_slot

from projections.tables.store import Question

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis

T = TypeVar("T")
Client = TypeVar("Client")

SLOTS: Final = "CLUSTER SLOTS"
_REDIRECTIONS: Final = 5
_AWAY: Final = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, redis.exceptions.ClusterDownError, OSError)


class Span(NamedTuple):
    """Hash slots, and the address of the primary that has them."""

    first: int
    last: int
    url: str


def key_of(question: Question) -> str:
    """The key that a question is about."""
    return str(question[3] if question[0] == "EVAL_RO" else question[1])


def slot_of(key: str) -> int:
    """The hash slot of a key."""
    return key_slot(key.encode())


def by_slot(questions: Sequence[Question]) -> list[Sequence[int]]:
    """The positions of the questions, slot by slot; the slots in the order of their last questions."""
    slots: dict[int, list[int]] = {}
    for position, question in enumerate(questions):
        slots.setdefault(slot_of(key_of(question)), []).append(position)
    return sorted(slots.values(), key=itemgetter(-1))


def spans(told: Any, url: str) -> list[Span]:
    """What the node at `url` says of slots: [[first, last, [host, port, ...], replicas ...], ...]."""
    return [Span(first, last, address(url, host, port)) for first, last, (host, port, *_), *_ in told]


def address(url: str, host: bytes | None, port: int) -> str:
    """The address of another node, with all that `url` says beside the place; a node that does not know where it is gives no host."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    name = host.decode() if host not in (None, b"", b"?") else parts.hostname or "localhost"
    place = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    if parts.scheme == "unix":
        parts = parts._replace(scheme="redis", path="")
    return parts._replace(netloc=f"{user}{at}{place}").geturl()


def _place(known: Sequence[Span], slot: int) -> str:
    for span in known:
        if span.first <= slot <= span.last:
            return span.url
    raise redis.exceptions.SlotNotCoveredError(f"no node has hash slot {slot}")


class _Nodes(Generic[Client]):
    """What is known of the nodes, and a client for each. `connect` makes one from an address; `told`: what the node at `url` said."""

    def __init__(self, url: str, client: Client, connect: Callable[[str], Client], told: Any) -> None:
        self._connect = connect
        self._clients = {url: client}
        self._spans = spans(told, url)
        self._failed = ""

    def parts(self, questions: Sequence[Question]) -> list[Sequence[int]]:
        """The positions of the questions that one transaction answers, part by part, in the order in which they are to be asked."""
        return by_slot(questions)

    def _client(self, url: str) -> Client:
        return self._clients.get(url) or self._clients.setdefault(url, self._connect(url))

    def _forget(self, failed: str) -> None:
        self._spans = []
        self._failed = failed

    def _tellers(self) -> list[str]:
        """Whom to ask for the slots; last who has failed, and may know least."""
        return sorted(self._clients, key=self._failed.__eq__)


class Cluster(_Nodes[redis.Redis]):
    """A cluster for any number of threads."""

    def on(self, key: str, use: Callable[[redis.Redis], T]) -> T:
        """`use` the node that has the key."""
        slot = slot_of(key)
        for _ in range(_REDIRECTIONS):
            url = _place(self._spans or self._learn(), slot)
            try:
                return self._at(url, use)
            except redis.exceptions.MovedError:
                self._asked(url)
        raise redis.exceptions.TryAgainError(f"hash slot {slot} goes from node to node")

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _at(self, url: str, use: Callable[[redis.Redis], T]) -> T:
        try:
            return use(self._client(url))
        except _AWAY:
            self._forget(url)
            raise

    def _learn(self) -> Sequence[Span]:
        *others, last = self._tellers()
        for url in others:
            try:
                return self._asked(url)
            except _AWAY:
                continue
        return self._asked(last)

    def _asked(self, url: str) -> Sequence[Span]:
        self._spans = spans(self._at(url, lambda client: client.execute_command(SLOTS)), url)  # type: ignore[no-untyped-call]
        return self._spans


class AsyncCluster(_Nodes["AsyncRedis"]):
    """A cluster for one event loop."""

    async def on(self, key: str, use: Callable[["AsyncRedis"], Awaitable[T]]) -> T:
        """`use` the node that has the key."""
        slot = slot_of(key)
        for _ in range(_REDIRECTIONS):
            url = _place(self._spans or await self._learn(), slot)
            try:
                return await self.at(url, use)
            except redis.exceptions.MovedError:
                await self._asked(url)
        raise redis.exceptions.TryAgainError(f"hash slot {slot} goes from node to node")

    async def at(self, url: str, use: Callable[["AsyncRedis"], Awaitable[T]]) -> T:
        """`use` the node at this address."""
        try:
            return await use(self._client(url))
        except _AWAY:
            self._forget(url)
            raise

    async def primaries(self) -> list[str]:
        """The addresses of all nodes that have slots."""
        return list(dict.fromkeys(span.url for span in self._spans or await self._learn()))

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def _learn(self) -> Sequence[Span]:
        *others, last = self._tellers()
        for url in others:
            try:
                return await self._asked(url)
            except _AWAY:
                continue
        return await self._asked(last)

    async def _asked(self, url: str) -> Sequence[Span]:
        self._spans = spans(await self.at(url, lambda client: client.execute_command(SLOTS)), url)  # type: ignore[no-untyped-call]
        return self._spans
