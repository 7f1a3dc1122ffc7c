"""The tables in Redis (7.0 command set; Valkey too)."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.resources import files
from typing import Any, Final, Self

import msgpack
import redis
import redis.exceptions

from projections.tables.layout import CHUNK_ROWS, ROW, STEP_CELL
from projections.tables.store import Commit, Committed, Question, Refused, StoreError, StoreUnavailable

_COMMIT: Final = files("projections.tables").joinpath("commit.lua").read_text(encoding="utf-8")
_KEYS_AT_ONCE: Final = 1000
_SETTINGS: Final = ("maxmemory-policy", "appendonly", "hash-max-listpack-entries")
_FULL: Final = (CHUNK_ROWS * ROW.itemsize, CHUNK_ROWS * STEP_CELL.itemsize)
"""Bytes of a chunk that will not grow any more."""
_pack: Final = partial(msgpack.packb, use_bin_type=False)  # the unpacker of Redis knows no binary type


class RedisStore:
    """`Store` on a Redis server. `url`: redis://, rediss:// or unix://; `timeout` in seconds, for connecting and for each answer."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        with _clear_errors(url):
            self._client = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        self._url = url

    def read(self, questions: Sequence[Question]) -> list[Any]:
        with _clear_errors(self._url):
            pipeline = self._client.pipeline(transaction=len(questions) > 1)
            for question in questions:
                pipeline.execute_command(*question)  # type: ignore[no-untyped-call]
            return list(pipeline.execute())

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class RedisWritableStore:
    """`WritableStore` on a Redis server, for one event loop."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        # Half a second to import, which who only reads need not wait for.
        import redis.asyncio
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        with _clear_errors(url):
            # No retries: after a lost answer it is unknown whether a commit was written, and only the projector knows what to do then.
            self._client = redis.asyncio.Redis.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
            )
            self._script = self._client.register_script(_COMMIT)
        self._url = url

    async def ask(self, questions: Sequence[Question]) -> list[Any]:
        with _clear_errors(self._url):
            pipeline = self._client.pipeline(transaction=len(questions) > 1)
            for question in questions:
                pipeline.execute_command(*question)
            return list(await pipeline.execute())

    async def commit(self, commit: Commit) -> Committed | Refused:
        keys, argument = packed(commit)
        with _clear_errors(self._url):
            written, told = await self._script(keys=keys, args=[argument])
        return Committed(int(told)) if written else Refused(told.decode())

    async def claim(self, key: str, field: str, value: str) -> str:
        with _clear_errors(self._url):
            pipeline = self._client.pipeline(transaction=True)
            pipeline.execute_command("HSETNX", key, field, value)
            pipeline.execute_command("HGET", key, field)
            _, standing = await pipeline.execute()
        return str(standing.decode())

    async def change(self, commands: Sequence[Question]) -> list[Any]:
        return await self.ask(commands)

    async def keys(self, prefix: str) -> AsyncIterator[list[str]]:
        cursor = 0
        while True:
            with _clear_errors(self._url):
                cursor, found = await self._client.scan(cursor, match=f"{_literally(prefix)}*", count=_KEYS_AT_ONCE)
            yield [key.decode() if isinstance(key, bytes) else key for key in found]
            if not cursor:
                return

    async def settings(self) -> Mapping[str, str]:
        with _clear_errors(self._url):
            answers = await self._client.config_get(*_SETTINGS)
        return {str(name): str(value) for name, value in answers.items()}

    async def aclose(self) -> None:
        await self._client.aclose()


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
    except redis.exceptions.RedisError as error:
        raise StoreError(f"Redis at {place} refused a command: {error}") from error
