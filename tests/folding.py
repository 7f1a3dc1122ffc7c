"""Events through the real projector, without a broker: what the tests of the numbers stand on."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from events.event import Event
from events.judgement import judge
from events.log.record import Record
from events.partitioner import partition_for
from events.quarantine.dead_letter import DeadLetter
from events.topics import SOURCE_TOPICS
from projections.tables.memory import MemoryStore
from projections.tables.store import Refused, WritableStore
from streams.projector import Batch, Projector

PARTITIONS = 4
STAMP = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)
"""The log's time of every record: later than any event, so that none is from the future."""


def event_of(event: Mapping[str, Any]) -> Event:
    """A structured CloudEvent, judged."""
    return judge(json.dumps(event).encode(), stamped_at=STAMP)


def log_of(events: Iterable[Mapping[str, Any]], partitions: int = PARTITIONS) -> dict[tuple[str, int], list[Record]]:
    """(topic, partition) -> records, as a log would hold the events published in this order."""
    log: dict[tuple[str, int], list[Record]] = {(topic, partition): [] for topic in SOURCE_TOPICS for partition in range(partitions)}
    for event in events:
        value = json.dumps(event).encode()
        judged = judge(value, stamped_at=STAMP)
        partition = partition_for(judged.key, partitions)
        records = log[judged.topic, partition]
        records.append(Record(judged.topic, partition, len(records), STAMP, judged.key, value))
    return log


class Folding:
    """A projector on a store, fed batch by batch. `letters` collects the dead letters."""

    def __init__(self, store: WritableStore | None = None, **options: Any) -> None:
        self.store = MemoryStore() if store is None else store
        self.letters: list[DeadLetter] = []
        self.projector = Projector(self.store, quarantine=self._quarantine, **options)

    async def _quarantine(self, letters: Sequence[DeadLetter]) -> None:
        self.letters += letters

    async def feed(self, topic: str, partition: int, records: Sequence[Record]) -> None:
        """One batch, which must not be refused."""
        outcome = await self.projector.apply(Batch(topic, partition, records[0].offset, records[-1].offset + 1, records))
        assert not isinstance(outcome, Refused), outcome


def folded(events: Iterable[Mapping[str, Any]], batch_size: int = 1000, partitions: int = PARTITIONS) -> MemoryStore:
    """The store after all events, topic by topic, in batches of a size."""
    folding = Folding()
    log = log_of(events, partitions)

    async def feed() -> None:
        for (topic, partition), records in log.items():
            for first in range(0, len(records), batch_size):
                await folding.feed(topic, partition, records[first : first + batch_size])

    asyncio.run(feed())
    assert folding.letters == []
    assert isinstance(folding.store, MemoryStore)
    return folding.store
