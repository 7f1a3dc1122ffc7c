"""What is told to live readers, as it comes: one connection for all accounts."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final

import msgspec
import redis.exceptions

from projections.changes import CHANNEL, Change, decode
from projections.tables.store import StoreUnavailable

_SILENCE: Final = 5.0
"""Seconds to wait for a message before somebody hears that there is none."""


async def heard(url: str) -> AsyncGenerator[tuple[str, Change] | None, None]:
    """(account, what has changed), as it comes; the account is "" where nothing has. None comes first, once nothing can be missed any
    more, and whenever nothing came for some seconds. Raises `StoreUnavailable` when the connection is lost.

    `url`: a Redis server, or any node of a Redis Cluster, which all tell the same.
    """
    from redis.asyncio import Redis

    client = Redis.from_url(url, socket_connect_timeout=_SILENCE, socket_timeout=2 * _SILENCE)
    try:
        async with client.pubsub() as subscription:
            await subscription.psubscribe(f"{CHANNEL}*")
            asked = False  # whether it is still there
            while True:
                message = await subscription.get_message(timeout=_SILENCE)
                if message is None and asked:
                    raise StoreUnavailable(f"Redis does not tell what changes (no answer for {_SILENCE:g} s)")
                asked = message is None
                if asked:
                    await subscription.ping()
                if message is None or message["type"] == "psubscribe":
                    yield None
                elif message["type"] == "pmessage":
                    with suppress(msgspec.MsgspecError, UnicodeDecodeError):  # of another version of the program, or of somebody else
                        yield message["channel"].decode().removeprefix(CHANNEL), decode(message["data"])
    except (redis.exceptions.RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not tell what changes ({error})") from error
    finally:
        with suppress(redis.exceptions.RedisError, OSError):
            await client.aclose()
