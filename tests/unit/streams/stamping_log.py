"""A log in memory that stamps its records."""

from collections.abc import Sequence

from events.log.record import Appended, NewRecord, Record
from tests.unit.streams.memory_log import MemoryLog


class StampingLog(MemoryLog):
    """Stamps with its own time, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0

    def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        places = []
        for record in records:
            offset = self.end(record.topic, 0)
            self.records[record.topic, 0].append(Record(record.topic, 0, offset, self.now, record.key, record.value, record.headers))
            places.append(Appended(0, offset))
        return places
