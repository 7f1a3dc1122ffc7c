"""Opening the tables by their address: a Redis server, or one of our own in a folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.store import StoreError

_EMBEDDED: Final = "embedded://"
_SERVERS: Final = ("redis://", "rediss://", "unix://")


@contextmanager
def redis_url(address: str) -> Iterator[str]:
    """The address of a running server; with `embedded:///DIR` one is joined or started in that folder, and left at the end.

    `embedded:///DIR` is relative to the working folder, `embedded:////DIR` absolute. Raises `StoreError` for an address of another form.
    """
    with ExitStack() as stack:
        if (folder := embedded_redis_folder(address)) is not None:
            yield stack.enter_context(EmbeddedRedis(folder)).url
        elif address.startswith(_SERVERS):
            yield address
        else:
            raise StoreError(
                f"TALLY_REDIS={address!r} is not an address; write embedded:///DIR, redis://HOST:PORT/0, rediss://... or unix://PATH"
            )


def embedded_redis_folder(address: str) -> Path | None:
    """The folder of the server of our own that the address asks for; None if it asks for another. Raises `StoreError`."""
    if not address.startswith(_EMBEDDED):
        return None
    folder = address.removeprefix(_EMBEDDED).removeprefix("/")
    if not folder:
        raise StoreError("TALLY_REDIS=embedded:/// names no folder; write for example embedded:///.tally/redis")
    return Path(folder)
