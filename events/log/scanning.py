"""The records of one key, for a log that has to be read through to find them."""

from typing import Final

from events.log.port import Log
from events.log.record import Record

_AT_ONCE: Final = 10_000


def scan(log: Log, topic: str, partition: int, key: bytes, start: int, end: int) -> list[Record]:
    """`Log.read_key` by reading the partition in large runs."""
    found: list[Record] = []
    while start < end and (run := log.read(topic, partition, start, _AT_ONCE)):
        found += [record for record in run if record.key == key and record.offset < end]
        start = run[-1].offset + 1
    return found
