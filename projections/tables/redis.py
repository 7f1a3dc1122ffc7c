"""The tables in Redis (7.0 command set; Valkey too)."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from importlib.resources import files
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Self

import msgpack
import redis
import redis.exceptions

from projections.tables.cluster import key_of
from projections.tables.layout import CHUNK_ROWS, ROW, STEP_CELL
from projections.tables.servers import AsyncServers, Servers, async_servers, servers
from projections.tables.store import Commit, Committed, Question, Refused, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from redis.asyncio import Redis as AsyncRedis

_COMMIT: Final = files("projections.tables").joinpath("commit.lua").read_text(encoding="utf-8")
_KEYS_AT_ONCE: Final = 1000
_SETTINGS: Final = ("maxmemory-policy", "appendonly", "hash-max-listpack-entries")
_HARMLESS: Final = ("noeviction", "yes")
_FULL: Final = (CHUNK_ROWS * ROW.itemsize, CHUNK_ROWS * STEP_CELL.itemsize)
"""Bytes of a chunk that will not grow any more."""
_UNSETTLED: Final = (
    redis.exceptions.AskError,
    redis.exceptions.TryAgainError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.SlotNotCoveredError,
)
"""A slot is on its way to another node, or its node is away and none has taken over yet."""
_pack: Final = partial(msgpack.packb, use_bin_type=False)  # the unpacker of Redis knows no binary type


class RedisStore:
    """`Store` on a Redis server, or on the Redis Cluster that it is a node of.

    `url`: redis://, rediss:// or unix://; `timeout` in seconds, for connecting and for each answer.
    """

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self._url = url
        self._connect = partial(redis.Redis.from_url, socket_timeout=timeout, socket_connect_timeout=timeout)
        with _clear_errors(url):
            self._client = self._connect(url)

    @cached_property
    def _servers(self) -> Servers:
        return servers(self._url, self._client, self._connect)

    def read(self, questions: Sequence[Question]) -> list[Any]:
        with _clear_errors(self._url):
            parts = self._servers.parts(questions)
            return joined(parts, [self._transaction([questions[position] for position in part]) for part in parts])

    def _transaction(self, questions: Sequence[Question]) -> list[Any]:
        def use(client: redis.Redis) -> list[Any]:
            pipeline = client.pipeline(transaction=len(questions) > 1)
            for question in questions:
                pipeline.execute_command(*question)  # type: ignore[no-untyped-call]
            return list(pipeline.execute())

        return self._servers.on(key_of(questions[0]), use)

    def close(self) -> None:
        self.__dict__.get("_servers", self._client).close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class RedisWritableStore:
    """`WritableStore` on a Redis server, or on the Redis Cluster that it is a node of, for one event loop."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        # Half a second to import, which who only reads need not wait for.
        import redis.asyncio
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        self._url = url
        # No retries: after a lost answer it is unknown whether a commit was written, and only the projector knows what to do then.
        self._connect = partial(
            redis.asyncio.Redis.from_url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
        )
        with _clear_errors(url):
            self._client = self._connect(url)
            self._script = self._client.register_script(_COMMIT)
        self._found: AsyncServers | None = None

    async def _servers(self) -> AsyncServers:
        found = self._found or await async_servers(self._url, self._client, self._connect)
        if self._found is None:  # several may have asked at once, and one of them stays
            self._found = found
        return self._found

    async def ask(self, questions: Sequence[Question]) -> list[Any]:
        with _clear_errors(self._url):
            parts = (await self._servers()).parts(questions)
            return joined(parts, [await self._transaction([questions[position] for position in part]) for part in parts])

    async def _transaction(self, questions: Sequence[Question]) -> list[Any]:
        async def use(client: "AsyncRedis") -> list[Any]:
            pipeline = client.pipeline(transaction=len(questions) > 1)
            for question in questions:
                pipeline.execute_command(*question)
            return list(await pipeline.execute())

        return await (await self._servers()).on(key_of(questions[0]), use)

    async def commit(self, commit: Commit) -> Committed | Refused:
        keys, argument = packed(commit)
        with _clear_errors(self._url):
            use = partial(self._script, keys, [argument])
            written, told = await (await self._servers()).on(commit.progress_key, use)
        return Committed(int(told)) if written else Refused(told.decode())

    async def claim(self, key: str, field: str, value: str) -> str:
        _, standing = await self.ask([("HSETNX", key, field, value), ("HGET", key, field)])
        return str(standing.decode())

    async def change(self, commands: Sequence[Question]) -> list[Any]:
        return await self.ask(commands)

    async def keys(self, prefix: str) -> AsyncIterator[list[str]]:
        pattern = f"{_literally(prefix)}*"
        with _clear_errors(self._url):
            places = await (await self._servers()).primaries()
        for place in places:
            cursor = 0
            while True:
                with _clear_errors(self._url):
                    scan = partial(_scan, cursor=cursor, pattern=pattern)
                    cursor, found = await (await self._servers()).at(place, scan)
                yield found
                if not cursor:
                    break

    async def settings(self) -> Mapping[str, str]:
        with _clear_errors(self._url):
            servers = await self._servers()
            answers = [await servers.at(place, _settings) for place in await servers.primaries()]
        return {name: max((answer[name] for answer in answers if name in answer), key=_harm) for name in answers[0]}

    async def aclose(self) -> None:
        await (self._found or self._client).aclose()


async def _scan(client: "AsyncRedis", cursor: int, pattern: str) -> tuple[int, list[str]]:
    further, found = await client.scan(cursor, match=pattern, count=_KEYS_AT_ONCE)
    return further, [key.decode() if isinstance(key, bytes) else key for key in found]


async def _settings(client: "AsyncRedis") -> dict[str, str]:
    return {str(name): str(value) for name, value in (await client.config_get(*_SETTINGS)).items()}


def _harm(value: str) -> tuple[bool, int]:
    """What several servers say of one setting can be ordered by the harm that it does: the worst of them counts."""
    return value not in _HARMLESS, int(value) if value.isdigit() else 0


def joined(parts: Sequence[Sequence[int]], answers: Sequence[Sequence[Any]]) -> list[Any]:
    """The answers to several parts of the questions, in the order of the questions."""
    return [answer for _, answer in sorted(zip(chain(*parts), chain(*answers), strict=True), key=itemgetter(0))]


def _literally(prefix: str) -> str:
    """The prefix as a pattern of Redis that matches itself alone."""
    return re.sub(r"([\\\[\]*?^-])", r"\\\1", prefix)


def packed(commit: Commit) -> tuple[list[str], bytes]:
    """KEYS and ARGV[1] of `commit.lua`."""
    keys = [commit.progress_key]
    numbers: dict[str, int] = {}

    def number(key: str) -> int:
        known = numbers.get(key)
        if known is None:
            keys.append(key)
            known = numbers[key] = len(keys)
        return known

    hashes: list[Any] = []
    for key, fields in commit.hashes.items():
        hashes += (number(key), [part for field in fields.items() for part in field])
    strings: list[Any] = []
    full: list[int] = []
    for key, patches in commit.strings.items():
        strings += (number(key), [part for patch in patches for part in patch])
        start, last = patches[-1]
        if start + len(last) in _FULL:
            full.append(number(key))
    appends: list[Any] = []
    for key, entries in commit.appends.items():
        appends += (number(key), entries)
    counters: list[Any] = []
    for key, changes in commit.counters.items():
        counters += (number(key), [part for change in changes.items() for part in change])
    registrations: list[Any] = []
    for key, missing in commit.registrations.items():
        registrations += (number(key), missing)
    # Offsets travel as text: a Lua number would lose digits beyond 2^53, and the fence compares text.
    positions = [part for topic, (start, end) in commit.positions.items() for part in (topic, str(start), str(end))]
    progress = [part for field, value in commit.progress.items() for part in (field, str(value))]
    lengths = [part for key, length in commit.lengths.items() for part in (number(key), length)]
    return keys, _pack(
        (commit.version, str(commit.committed_at), positions, progress, lengths, hashes, strings, appends, counters, registrations, full)
    )


@contextmanager
def _clear_errors(url: str) -> Iterator[None]:
    """Redis's errors as ours: one line each, with the remedy."""
    place = url.rsplit("@", 1)[-1]  # never a password
    try:
        yield
    except ValueError as error:
        raise StoreError(f"TALLY_REDIS is not a Redis address: {error}") from error
    except (redis.exceptions.AuthenticationError, redis.exceptions.NoPermissionError) as error:
        raise StoreError(f"Redis at {place} refuses our credentials ({error}); set user and password in TALLY_REDIS") from error
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError) as error:
        raise StoreUnavailable(f"Redis at {place} does not answer ({error}); start it or correct TALLY_REDIS") from error
    except redis.exceptions.OutOfMemoryError as error:
        raise StoreUnavailable(f"Redis at {place} is full ({error}); raise its maxmemory, or free a generation: tally drop") from error
    except redis.exceptions.ReadOnlyError as error:
        raise StoreUnavailable(f"Redis at {place} takes no writes ({error}); make it the primary or correct TALLY_REDIS") from error
    except _UNSETTLED as error:
        raise StoreUnavailable(f"the Redis Cluster at {place} does not serve a hash slot just now ({error}); see CLUSTER INFO") from error
    except redis.exceptions.RedisError as error:
        raise StoreError(f"Redis at {place} refused a command: {error}") from error
