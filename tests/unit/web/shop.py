"""A log and a projector in memory, for tests of what is published over HTTP and comes back in the numbers."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from events.log.port import Acknowledge
from events.log.record import Appended, NewRecord, Record
from events.partitioner import partition_for
from events.topics import SOURCE_TOPICS
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import PARTITIONS, STAMP, Folding
from tests.history_log import HistoryLog
from tests.unit.web.conftest import Served


class ShopLog(HistoryLog):
    """Appends where the key belongs. `fails` are texts: a record that has one of them is not acknowledged."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: list[bytes] = []

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        if any(text in (record.value or b"") for text in self.fails):
            acknowledge(ConnectionError("brokers at 10.1.2.3"))
        else:
            acknowledge(self.append([record])[0])

    def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        places = []
        for record in records:
            partition = partition_for(record.key, PARTITIONS)
            offset = self.end(record.topic, partition)
            self.records[record.topic, partition].append(
                Record(record.topic, partition, offset, STAMP, record.key, record.value, record.headers)
            )
            places.append(Appended(partition, offset))
        return places


class Shop:
    """What an app reads and writes: `apply` is the worker."""

    def __init__(self, served: Served, *events: Mapping[str, Any]) -> None:
        self.log = ShopLog()
        self.log.add(*events)
        self.given = {lane: len(records) for lane, records in self.log.records.items()}
        store = self.store = MemoryStore()
        self._folding = Folding(store)
        self._applied: dict[tuple[str, int], int] = {}
        served.reader = Reader(store)
        served.store = lambda: store
        served.log = lambda: self.log
        served.ends = lambda: self.log.ends(SOURCE_TOPICS)

    async def apply(self, *, bad: bool = False) -> None:
        """Have the projection contain all that is in the log. `bad`: whether there may be what cannot be used, which is set aside."""
        for lane, records in [(lane, records) for lane, records in self.log.records.items() if lane[0] in SOURCE_TOPICS]:
            news = records[self._applied.get(lane, 0) :]
            if news:
                await self._folding.feed(*lane, news)
                self._applied[lane] = len(records)
        assert bad or self._folding.letters == []
        self.log.append([letter.to_record() for letter in self._folding.letters])
        self._folding.letters.clear()

    def written(self) -> list[dict[str, Any]]:
        """What is in the log besides what was there at first."""
        news = [record for lane, records in self.log.records.items() for record in records[self.given.get(lane, 0) :]]
        return [json.loads(record.value or b"") for record in news]
