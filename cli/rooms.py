"""Opening what the reading verbs need: the tables, and the log that they are held against."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

import typer

from cli.settings import load

if TYPE_CHECKING:
    from events.log.port import Log
    from projections.settings import RedisSettings
    from projections.tables.reader import Reader
    from projections.tables.store import Store, WritableStore

_PATIENCE: Final = 3.0
"""Seconds for the brokers to answer somebody who only wants to know how far the log goes."""


@contextmanager
def open_store(settings: "RedisSettings") -> "Iterator[Store]":
    """The tables as they are stored. Raises `StoreError`, `ServerError`."""
    from projections.tables.opening import redis_url
    from projections.tables.redis import RedisStore

    with redis_url(settings.redis) as url, RedisStore(url) as store:
        yield store


@contextmanager
def open_reader(settings: "RedisSettings", partitions: int = 4) -> "Iterator[Reader]":
    """A reader of the tables that the settings name. `partitions` counts for an empty store only. Raises `StoreError`, `ServerError`."""
    from projections.tables.opening import redis_url
    from projections.tables.reader import Reader
    from projections.tables.redis import RedisStore

    with redis_url(settings.redis) as url, RedisStore(url) as store:
        yield Reader(store, partitions=partitions)


@asynccontextmanager
async def open_writable(settings: "RedisSettings") -> "AsyncIterator[WritableStore]":
    """The tables for what concerns whole generations. Raises `StoreError`, `ServerError`."""
    from projections.tables.boot import check
    from projections.tables.opening import redis_url
    from projections.tables.redis import RedisWritableStore

    with redis_url(settings.redis) as url:
        store = RedisWritableStore(url)
        try:
            await check(store)
            yield store
        finally:
            await store.aclose()


@contextmanager
def open_log_for_reading(context: typer.Context) -> "Iterator[Log]":
    """The log, asked with little patience. Raises `LogError`."""
    from events.log.opening import open_log
    from events.settings import LogSettings

    settings = load(LogSettings, context)
    with open_log(settings.model_copy(update={"kafka_timeout": min(settings.kafka_timeout, _PATIENCE)})) as log:
        yield log
