"""A log in memory, for tests of what reads one."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from events.log.port import Acknowledge
from events.log.record import Appended, NewRecord, Record
from events.log.scanning import scan

PARTITIONS = 2


class MemoryLog:
    """Records are put by `put`, and may be taken away to make holes. `reading` is called before each answer of `read`."""

    def __init__(self) -> None:
        self.records: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
        self.begins: defaultdict[tuple[str, int], int] = defaultdict(int)
        self.reading: Callable[[], None] = lambda: None
        self.closed = False

    def put(self, topic: str, partition: int, count: int, *, skip: int = 0) -> None:
        """Append `count` records, after `skip` offsets that hold none."""
        first = self.end(topic, partition) + skip
        self.records[topic, partition] += [Record(topic, partition, offset, 0, b"k", b"v") for offset in range(first, first + count)]

    def create_topics(self, partitions: int, replication: int = 1) -> list[str]:
        return []

    def check_topics(self, partitions: int | None = None) -> None:
        """They are always there."""

    def partitions(self, topic: str) -> int:
        return PARTITIONS

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        acknowledge(self.append([record])[0])

    def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        places = []
        for record in records:
            offset = self.end(record.topic, 0)
            self.records[record.topic, 0].append(Record(record.topic, 0, offset, 0, record.key, record.value, record.headers))
            places.append(Appended(0, offset))
        return places

    def flush(self, timeout: float | None = None) -> None:
        """Nothing is ever waiting."""

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        found = [record for record in self.records[topic, partition] if record.offset >= offset][:limit]
        self.reading()
        return found

    def read_key(self, topic: str, partition: int, key: bytes, start: int, end: int) -> list[Record]:
        return scan(self, topic, partition, key, start, end)

    def begin(self, topic: str, partition: int) -> int:
        return self.begins[topic, partition]

    def end(self, topic: str, partition: int) -> int:
        records = self.records[topic, partition]
        return records[-1].offset + 1 if records else 0

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        return {(topic, partition): self.end(topic, partition) for topic in topics for partition in range(PARTITIONS)}

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
