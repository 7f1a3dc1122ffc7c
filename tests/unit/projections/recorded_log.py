"""The reading side of a log whose records lie in lists."""

from collections.abc import Mapping

from events.log.record import Record


class RecordedLog:
    """Answers in runs of a few records."""

    def __init__(self, records: Mapping[tuple[str, int], list[Record]]) -> None:
        self.records = records

    def begin(self, topic: str, partition: int) -> int:
        return 0

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        return self.records[topic, partition][offset : offset + min(limit, 3)]
