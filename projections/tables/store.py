"""The store of the tables as a port: what Redis and its in-memory twin both offer.

Keys with the same {...} are of one shard, and a shard is always in one place. On a Redis Cluster the shards are in several, and keys
without {...} somewhere beside them: what is said of one instant then holds for each shard.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Question = tuple[str | bytes | int, ...]
"""One read command as Redis knows it: GET, HGET, HMGET, HGETALL, HLEN, LRANGE, LLEN, LINDEX, EXISTS, STRLEN; or EVAL_RO of
moved.lua."""


class StoreError(Exception):
    """The store cannot do what was asked; the message is one line and names the remedy."""


class StoreUnavailable(StoreError):
    """The store did not answer. Nothing is half written; trying again later may succeed."""


@dataclass(slots=True)
class Commit:
    """Everything that one batch changes, written in one atomic step or not at all.

    Keys are whole keys (prefix included). `counters` are added; everything else replaces or appends. `lengths` are the lists to which
    `appends` adds, with the length they must have before.
    """

    progress_key: str
    version: int
    """The version of the partition that the worker has read; the commit is refused if the store has another."""
    positions: dict[str, tuple[int, int]]
    """topic -> (the offset at which the batch starts, the next offset after it); refused if the stored offset is not the start."""
    committed_at: int
    progress: dict[str, int] = field(default_factory=dict)
    """More fields of the progress hash to set (`contacts:A`, `names:A`, `rows:A<1F>Q`)."""
    hashes: dict[str, dict[str, bytes]] = field(default_factory=dict)
    strings: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    """key -> (byte offset, bytes) to overwrite or append, in order of offset."""
    appends: dict[str, list[str]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    counters: dict[str, dict[str, int]] = field(default_factory=dict)
    registrations: dict[str, list[str]] = field(default_factory=dict)
    """key -> fields of a hash to create empty where they are missing; what is there stays."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit was written; `version` is the partition's new one."""

    version: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The commit was refused by the fence and nothing was written; `reason` says what had moved."""

    reason: str


class Store(Protocol):
    """Reads for everybody."""

    def read(self, questions: Sequence[Question]) -> list[Any]:
        """The answers, in order. Strings are bytes; HGETALL gives a dict of bytes.

        All are as of one instant and come in one round trip; on a Redis Cluster those of one shard do. Shards are then read one after the
        other, and the shard of the last question is read last. Raises `StoreError`, or `StoreUnavailable` when another attempt may help.
        """
        ...

    def close(self) -> None: ...


class WritableStore(Protocol):
    """What a worker needs; the same store seen from an event loop."""

    async def ask(self, questions: Sequence[Question]) -> list[Any]:
        """As `Store.read`."""
        ...

    async def commit(self, commit: Commit) -> Committed | Refused:
        """Check the fence, then write everything, all of which is of one shard. Raises `StoreUnavailable` when it is unknown whether the
        commit was written."""
        ...

    async def claim(self, key: str, field: str, value: str) -> str:
        """Set the field of a hash unless it is there; return what is there afterwards. For what is decided once, such as the active
        generation."""
        ...

    async def change(self, commands: Sequence[Question]) -> list[Any]:
        """Write commands (HSET, HDEL, HINCRBY, UNLINK, SET with PX; or PUBLISH) outside any commit, for what concerns whole generations
        or none; of one shard atomic."""
        ...

    def keys(self, prefix: str) -> AsyncIterator[list[str]]:
        """The keys of all shards that begin with `prefix`, some at a time, without holding anybody up. Keys that come or go meanwhile may
        be missed."""
        ...

    async def settings(self) -> Mapping[str, str]:
        """The server's configuration that matters to us (`maxmemory-policy`, `appendonly`, ...); {} where there is none. Of several servers
        the worst answer counts."""
        ...

    async def aclose(self) -> None: ...
