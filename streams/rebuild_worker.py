"""One process of a rebuild: `python -m streams.rebuild_worker GENERATION PARTITION,...`. It ends when its standard input closes."""

import sys

from events.attached import stop_with_standard_input
from events.settings import LogSettings
from projections.settings import RedisSettings
from streams.settings import WorkerSettings
from streams.worker import Rebuild, run_worker


def main() -> int:
    number, partitions = sys.argv[1:]
    stop_with_standard_input()
    rebuild = Rebuild(int(number), frozenset(map(int, partitions.split(","))))
    return run_worker(LogSettings(), RedisSettings(), WorkerSettings(), drain=True, rebuild=rebuild)


if __name__ == "__main__":
    sys.exit(main())
