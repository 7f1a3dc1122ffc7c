"""The log as a port: what Kafka and SQLite both offer, and what a caller may rely on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self

from events.log.record import Appended, NewRecord, Record

Acknowledge = Callable[[Appended | Exception], None]
"""Called once for each record handed to `send`: with its place, or with why it was not stored."""


class LogError(Exception):
    """The log cannot do what was asked; the message is one line and names the remedy."""


class LogUnavailable(LogError):
    """The log did not answer in time. Nothing is known to be lost; trying again later may succeed."""


class TopicError(LogError):
    """A topic is missing or is not as `events.topics` says; the message names each fault and its remedy."""


class Log(Protocol):
    """An ordered, partitioned, durable record of events.

    Within one partition offsets rise and never change their record. Between partitions there is no order. A caller may not assume that
    offsets are dense (compaction and transactions leave gaps), nor that `end` is still the end when `read` is called.
    """

    def create_topics(self, partitions: int, replication: int = 1) -> list[str]:
        """Create every topic of `events.topics` that is absent; return the names created."""
        ...

    def check_topics(self, partitions: int | None = None) -> None:
        """Raise `TopicError` unless every topic is as `events.topics` says (partition count, retention, clean-up, timestamp type)."""
        ...

    def partitions(self, topic: str) -> int:
        """Number of partitions. Raises `TopicError` for an unknown topic."""
        ...

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        """Hand over one record. `acknowledge` is called when it is durable or has failed, at the latest in `flush` or `close`."""
        ...

    def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        """Store the records and return their places, once all are durable. Raises `LogUnavailable` if any is not."""
        ...

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything sent is acknowledged or has failed. Raises `LogUnavailable` when `timeout` seconds do not suffice."""
        ...

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records from `offset` on, in order; [] at the end. Never blocks for records that are not there yet."""
        ...

    def read_key(self, topic: str, partition: int, key: bytes, start: int, end: int) -> list[Record]:
        """All records with this key from offset `start` up to but without `end`, in order. Looks at every record between the two."""
        ...

    def begin(self, topic: str, partition: int) -> int:
        """The lowest offset that can still be read; equal to `end` when the partition is empty."""
        ...

    def end(self, topic: str, partition: int) -> int:
        """The offset that the next record will get."""
        ...

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        """`end` of every partition of the topics, in one question where the log allows it."""
        ...

    def close(self) -> None:
        """Flush and free everything. Safe to call twice."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...
