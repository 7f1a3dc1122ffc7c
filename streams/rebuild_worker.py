"""One process of a rebuild: `python -m streams.rebuild_worker GENERATION PARTITION,...`. It ends when its standard input closes."""

import os
import signal
import sys
from threading import Thread

from events.settings import LogSettings
from projections.settings import RedisSettings
from streams.settings import WorkerSettings
from streams.worker import Rebuild, run_worker


def stop_with_standard_input() -> None:
    """Begin to watch the standard input: whoever started us holds its other end, and their death, however it comes, closes it."""
    Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    # Not by sys.stdin, whose lock a thread that still reads would hold at the end of the program.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    number, partitions = sys.argv[1:]
    stop_with_standard_input()
    rebuild = Rebuild(int(number), frozenset(map(int, partitions.split(","))))
    return run_worker(LogSettings(), RedisSettings(), WorkerSettings(), drain=True, rebuild=rebuild)


if __name__ == "__main__":
    sys.exit(main())
