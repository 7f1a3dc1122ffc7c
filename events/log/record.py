"""One record of the log, as it is read and as it is appended."""

from typing import NamedTuple

Headers = tuple[tuple[str, bytes], ...]


class Record(NamedTuple):
    """A record read from the log. `timestamp` is the log's own stamp, in milliseconds since 1970 UTC."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class NewRecord(NamedTuple):
    """A record to append. Its partition follows from its key by Kafka's murmur2 partitioner."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Appended(NamedTuple):
    """Where the log has put a record, once it is durable."""

    partition: int
    offset: int
