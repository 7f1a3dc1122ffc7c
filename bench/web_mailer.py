"""A mailer that publishes at a steady rate, in a process of its own; some of its events are enrollments that somebody waits to see."""

import time
from typing import Final

from bench.history import history
from bench.population import ACCOUNT
from events.catalog import EnrollmentStarted
from events.log.opening import open_log
from events.log.record import Appended
from events.publisher import Publisher
from events.settings import LogSettings

WATCHED: Final = "watched"
"""The sequence of those enrollments."""


def publish(log: str, rate: int, seconds: int, every: int, first: int = 0) -> list[float]:
    """Events of a history at the rate, and between them one watched enrollment for `every` of them.

    The first watched one is number `first`. When each was handed over: ms since 1970 UTC.
    """
    failures: list[Exception] = []
    handed: list[float] = []

    def acknowledge(result: Appended | Exception) -> None:
        if isinstance(result, Exception):
            failures.append(result)

    with open_log(LogSettings(log=log)) as target, Publisher(target) as publisher:
        began = time.monotonic()
        for number, record in enumerate(history(rate * seconds)):
            early = began + number / rate - time.monotonic()
            if early > 0:
                time.sleep(early)
            target.send(record, acknowledge)
            if number % every == 0:
                name = f"watched-{first + len(handed)}"
                handed.append(time.time() * 1000)
                watched = EnrollmentStarted(contact_id=name, enrollment_id=name, sequence_id=WATCHED)
                publisher.publish(watched, source="/mailers/bench", id=name, account=ACCOUNT)
            if failures:
                raise failures[0]
        target.flush()
    return handed
