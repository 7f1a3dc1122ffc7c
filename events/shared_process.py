"""One server process in a folder, shared by all programs that use the folder: the first starts it, the last to leave stops it.

Three lock files carry it, so that kill -9 of anybody, at any moment, leaves nothing to clean up; the system frees the locks of a dead
process:

- `turn.lock`    held while somebody starts, joins, leaves or stops: one at a time
- `users.lock`   held shared by every user for as long as it uses the server; who gets it alone is the last
- `server.lock`  held by the server itself (it inherits the open file): held = the server lives; holds its process id
"""

import fcntl
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import current_thread, main_thread
from time import monotonic, sleep
from typing import Self

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL = 0.02
_LOG_TAIL = 600


class ServerError(Exception):
    """The server could not be started or does not answer; the message is one line and names where its log is."""


class SharedProcess(ABC):
    """Joins the server in `folder`, and starts it when nobody has. A subclass says how it is started and when it serves.

    The server gets a session of its own, so that Ctrl-C does not reach it; what it prints goes to `server.log`. After kill -9 of every
    user it goes on running, and the next user joins it. Raises `ServerError`. Times in seconds.
    """

    start_timeout = 60.0
    stop_timeout = 20.0

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).absolute()
        self._users: int | None = None
        self._child: int | None = None
        self._join()

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Make ready what the server needs and return its command line (absolute paths).

        Called when it has to be started, by one program at a time.
        """

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server serves."""

    def ended(self) -> None:  # noqa: B027  most have nothing to do
        """Called after the server has ended by itself when it was asked to; nobody can start it meanwhile."""

    @property
    def pid(self) -> int:
        """The process id of the server. Raises `ServerError` when none is running."""
        if not self._is_alive():
            raise ServerError(f"no server is running in {self.folder}")
        return int(self._server_lock.read_text())

    def close(self, patience: float = 0.0) -> None:
        """Leave the server; stop it when nobody else uses it, be it after up to `patience` seconds. Safe to call twice."""
        if self._users is not None:
            users, self._users = self._users, None
            deadline = monotonic() + patience
            try:
                while not self._left_as_last(users) and monotonic() < deadline:
                    sleep(_POLL)
            finally:
                os.close(users)

    def start(self) -> None:
        """Start the server again after `kill`, or after it died. No effect while it serves."""
        with self._turn():
            self._ensure_serving()

    def kill(self) -> None:
        """End the server as kill -9 does, whoever uses it: for fault tests."""
        with self._turn():
            self._stop(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _join(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ServerError(f"cannot make the folder {self.folder}: {error}") from error
        with self._turn():
            users = _open(self.folder / "users.lock")
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                self._ensure_serving()
            except BaseException:
                if _lock(users):
                    self._stop(signal.SIGTERM)
                os.close(users)
                raise
            self._users = users

    def _left_as_last(self, users: int) -> bool:
        """Stop the server if nobody else uses it; False if somebody does."""
        with self._turn():
            if not _lock(users):
                return False
            self._stop(signal.SIGTERM)
            return True

    @property
    def _server_lock(self) -> Path:
        return self.folder / "server.lock"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        turn = _open(self.folder / "turn.lock")
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)

    def _is_alive(self) -> bool:
        if not self._server_lock.exists():
            return False
        server = _open(self._server_lock)
        try:
            return not _lock(server)
        finally:
            os.close(server)

    def _ensure_serving(self) -> None:
        if not self._is_alive():
            command = self.command()
            with _signals_put_off():
                self._spawn(command)
        deadline = monotonic() + self.start_timeout
        while not self.answers():
            if not self._is_alive():
                raise ServerError(f"the server in {self.folder} ended at once: {self._last_words()}")
            if monotonic() > deadline:
                raise ServerError(f"the server in {self.folder} does not answer after {self.start_timeout:g} s: {self._last_words()}")
            sleep(_POLL)

    def _spawn(self, command: Sequence[str]) -> None:
        """Start the server with `server.lock` held. Not by `subprocess`, which expects to outlive what it starts."""
        self._reap(os.WNOHANG)
        server = _open(self._server_lock)
        try:
            fcntl.flock(server, fcntl.LOCK_EX)
            os.set_inheritable(server, True)
            log = os.fspath(self.folder / "server.log")
            self._child = os.posix_spawn(
                command[0],
                list(command),
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
                setsid=True,
            )
            os.ftruncate(server, 0)
            os.write(server, str(self._child).encode())
        except OSError as error:
            raise ServerError(f"cannot start {command[0]}: {error}") from error
        finally:
            os.close(server)

    def _stop(self, how: signal.Signals) -> None:
        if self._is_alive():
            pid = self.pid
            os.kill(pid, how)
            if self._ends_within(self.stop_timeout):
                if how == signal.SIGTERM:
                    self.ended()
            else:
                os.kill(pid, signal.SIGKILL)
                if not self._ends_within(self.stop_timeout):
                    raise ServerError(f"the server in {self.folder} (process {pid}) does not end")
            self._reap()

    def _reap(self, options: int = 0) -> None:
        """Take the exit status of a server that this object started, so that it does not stay behind as a zombie."""
        if self._child is not None:
            with suppress(ChildProcessError):
                if os.waitpid(self._child, options)[0]:
                    self._child = None

    def _ends_within(self, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while self._is_alive():
            if monotonic() > deadline:
                return False
            sleep(_POLL)
        return True

    def _last_words(self) -> str:
        log = self.folder / "server.log"
        tail = log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").split("\n") if log.exists() else []
        said = " / ".join(line.strip() for line in tail[-3:] if line.strip())
        return f"{said or 'it said nothing'} (see {log})"


@contextmanager
def _signals_put_off() -> Iterator[None]:
    """Have no handler of ours, which may raise, come between the start of a server and the note of which process it is."""
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in _ENDING} if current_thread() is main_thread() else {}
    for number, handler in handlers.items():
        if callable(handler):
            signal.signal(number, lambda caught, _frame: came.append(caught))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if callable(handler):
                signal.signal(number, handler)
        for caught in came:
            signal.raise_signal(caught)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _lock(file: int) -> bool:
    """Lock alone, if nobody else holds it; says whether that was so."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
