"""A program that holds an embedded server for the other parts: `python -m cli.up.embedded redis|kafka FOLDER`.

It ends when the server has died, and is started again with a new one. When it is left alone, it stays until the others have left the
server: they may be killed before they can, and the server would go on without anybody.
"""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Final, NoReturn

from cli.failure import FAILED
from events.attached import stop_with_standard_input
from events.shared_process import ServerError, SharedProcess

READY: Final = "serving in"
_LOOK: Final = 0.5
_PATIENCE: Final = 30.0
_ALONE: Final = signal.SIGHUP
_ENDING: Final = (signal.SIGTERM, signal.SIGINT, _ALONE)


class _Stopped(BaseException):
    """`patience`: seconds to wait for the other users."""

    def __init__(self, patience: float) -> None:
        self.patience = patience


def main(arguments: Sequence[str]) -> int:
    """Hold it until a signal; returns the exit code."""
    kind, folder = arguments
    for number in _ENDING:
        signal.signal(number, _stop)
    stop_with_standard_input(_ALONE)
    try:
        _hold(_join(kind, Path(folder)))
    except _Stopped:
        return 0
    except ServerError as error:
        print(f"tally: {error}", file=sys.stderr)
        return FAILED


def _stop(number: int, _frame: object) -> NoReturn:
    for ending in _ENDING:
        signal.signal(ending, signal.SIG_IGN)
    raise _Stopped(_PATIENCE if number == _ALONE else 0)


def _hold(server: SharedProcess) -> NoReturn:
    patience = 0.0
    try:
        print(f"{READY} {server.folder}", file=sys.stderr)
        while True:
            sleep(_LOOK)
            _ = server.pid  # raises ServerError when it has died
    except _Stopped as stopped:
        patience = stopped.patience
        raise
    finally:
        server.close(patience)


def _join(kind: str, folder: Path) -> SharedProcess:
    if kind == "redis":
        from projections.tables.embedded_redis import EmbeddedRedis

        return EmbeddedRedis(folder)
    from events.log.embedded_kafka import EmbeddedKafka

    return EmbeddedKafka(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
