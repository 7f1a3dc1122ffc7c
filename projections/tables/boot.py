"""What is asked of a Redis before a worker trusts it with the projection."""

from collections.abc import Mapping
from typing import Final

from projections.tables.store import StoreError, StoreUnavailable, WritableStore

_LONG_LISTPACK: Final = 1024
"""Entries up to which a hash kept as a listpack, which is searched from its beginning, does no harm."""


async def check(store: WritableStore) -> list[str]:
    """Warnings, one line each, about settings that cost safety or speed. Raises `StoreError` for one under which numbers would get lost."""
    try:
        settings = await store.settings()
    except StoreUnavailable:
        raise
    except StoreError as error:  # hosted servers do not show their configuration
        return [f"the configuration of Redis cannot be read ({error}): see that it has maxmemory-policy noeviction and appendonly yes"]
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise StoreError(
            f"Redis evicts keys when its memory is full (maxmemory-policy {policy}), which would silently lose numbers: "
            "run CONFIG SET maxmemory-policy noeviction, and write it into redis.conf"
        )
    return [*_durability(settings), *_speed(settings)]


def _durability(settings: Mapping[str, str]) -> list[str]:
    if settings.get("appendonly", "yes") == "yes":
        return []
    told = (
        "Redis keeps no append-only file (appendonly no): a crash loses what came after its last snapshot, and the worker reads that part "
        "of the log again; run CONFIG SET appendonly yes, and write it into redis.conf"
    )
    return [told]


def _speed(settings: Mapping[str, str]) -> list[str]:
    entries = int(settings.get("hash-max-listpack-entries", 0))
    if entries <= _LONG_LISTPACK:
        return []
    told = (
        f"Redis keeps hashes of up to {entries} fields as listpacks (hash-max-listpack-entries), which are searched from their beginning; "
        "CONFIG SET hash-max-listpack-entries 128 is the default"
    )
    return [told]
