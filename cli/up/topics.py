"""A program that makes the topics that are not there yet, as soon as the brokers answer: `python -m cli.up.topics`."""

import sys
from time import sleep
from typing import Final

from cli.failure import FAILED
from events.attached import stop_with_standard_input
from events.log.opening import open_log
from events.log.port import LogError, LogUnavailable
from events.settings import LogSettings

_PAUSE: Final = 1.0


def main() -> int:
    """Wait for the brokers, make the topics and check them; returns the exit code."""
    stop_with_standard_input()
    settings = LogSettings()
    while True:
        try:
            with open_log(settings) as log:
                created = log.create_topics(settings.partitions, settings.replication)
                log.check_topics(settings.asked_partitions)
        except LogUnavailable as error:
            print(f"waiting: {error}", file=sys.stderr)
            sleep(_PAUSE)
        except LogError as error:
            print(f"tally: {error}", file=sys.stderr)
            return FAILED
        else:
            print(f"created {', '.join(created)}" if created else "every topic is there already", file=sys.stderr)
            return 0


if __name__ == "__main__":
    sys.exit(main())
