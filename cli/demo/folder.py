"""The folder of a demo: its own, used by one demo at a time, and fresh for each unless it is kept."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.failure import Failure, WrongCall

_MARK: Final = "demo.lock"
REDIS: Final = "redis"
KAFKA: Final = "kafka"


@contextmanager
def demo_folder(folder: Path, *, keep: bool) -> Iterator[Path]:
    """The folder, made or emptied, and held until the end.

    Raises `WrongCall` for a folder with something in it that no demo has made: such a one is never touched.
    """
    folder = folder.absolute()
    mark = folder / _MARK
    if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongCall(f"--folder: {folder} is no folder of an earlier demo and would be emptied; name another one")
    folder.mkdir(parents=True, exist_ok=True)
    with mark.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(f"another demo is running in {folder}; end it, or name another folder by --folder") from None
        if not keep:
            _empty(folder)
        yield folder


def _empty(folder: Path) -> None:
    _stop_leftovers(folder)
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != _MARK:
            entry.unlink()


def _stop_leftovers(folder: Path) -> None:
    """A demo that was ended by kill -9 has left its servers running: to join them and leave again stops them."""
    from events.log.embedded_kafka import EmbeddedKafka
    from projections.tables.embedded_redis import EmbeddedRedis

    if (folder / REDIS).exists():
        EmbeddedRedis(folder / REDIS).close()
    if (folder / KAFKA).exists():
        EmbeddedKafka(folder / KAFKA).close()
