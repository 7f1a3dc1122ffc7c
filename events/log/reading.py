"""Reading a stretch of a partition, whatever its length, in the same memory."""

from collections.abc import Callable, Iterator
from typing import Final

from events.log.port import Log
from events.log.record import Record

AT_ONCE: Final = 10_000
"""Records in one run; a topic of large records wants fewer."""


def records(
    log: Log, topic: str, partition: int, start: int, end: int, *, at_once: int = AT_ONCE, on_read: Callable[[int], None] = lambda _: None
) -> Iterator[Record]:
    """The records from the offset `start` up to `end`, which is left out. `on_read` hears how many offsets are behind us after each run.

    Raises `LogError` if the log cannot be read.
    """
    offset = max(start, log.begin(topic, partition))
    while offset < end and (run := log.read(topic, partition, offset, at_once)):
        for record in run:
            if record.offset >= end:
                return
            yield record
        offset = run[-1].offset + 1
        on_read(min(offset, end) - start)
