"""Whether the Redis server can be trusted with the projection."""

import logging

from projections.tables.store import StoreError, StoreUnavailable, WritableStore

logger = logging.getLogger("tally.worker")


async def check_store(store: WritableStore) -> None:
    """Raises `StoreError` for a server that would evict keys; warns of one that forgets everything at a restart."""
    try:
        settings = await store.settings()
    except StoreUnavailable:
        raise
    except StoreError as error:  # hosted servers do not show their configuration
        logger.warning(
            "the configuration of Redis cannot be read (%s): see that it has maxmemory-policy noeviction and appendonly yes", error
        )
        return
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction":
        raise StoreError(f"Redis has maxmemory-policy {policy} and would drop numbers when it is full: set maxmemory-policy noeviction")
    if settings.get("appendonly", "yes") != "yes":
        logger.warning(
            "Redis has appendonly no: after a restart of Redis the log is read again from where its last snapshot was; set appendonly yes"
        )
