"""Batches that wait for their partition, and which of them go into one commit."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from streams.positions import Lane
from streams.transport.batches import RecordBatch


class WaitingBatches:
    """Up to `room` batches of each lane (topic and partition). Everything runs in one event loop."""

    def __init__(self, room: int) -> None:
        self._room: defaultdict[Lane, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(room))
        self._lanes: defaultdict[int, dict[str, deque[RecordBatch]]] = defaultdict(dict)

    async def put(self, batch: RecordBatch) -> None:
        """Add a batch, as soon as there is room in its lane."""
        topic, partition = batch.tp
        await self._room[Lane(topic, partition)].acquire()
        self._lanes[partition].setdefault(topic, deque()).append(batch)

    def records(self, partition: int) -> int:
        """How many records wait for a partition."""
        return sum(len(batch) for lane in self._lanes[partition].values() for batch in lane)

    def has_full(self, partition: int, size: int) -> bool:
        """Whether a batch of `size` records waits for the partition."""
        return any(len(batch) >= size for lane in self._lanes[partition].values() for batch in lane)

    def holds(self, lane: Lane) -> bool:
        """Whether a batch of the lane waits."""
        return bool(self._lanes[lane.partition].get(lane.topic))

    def without_room(self, topic: str) -> list[int]:
        """The partitions of a topic for which another batch would have to wait outside."""
        return [lane.partition for lane, room in self._room.items() if lane.topic == topic and room.locked()]

    def take(self, partition: int, records: int, usable: Callable[[RecordBatch], bool]) -> list[RecordBatch]:
        """Take batches of a partition for one commit: at least one if there is any, and no more than so many `records` of several.

        Of each topic in its order, and of all topics the oldest first by the log's own time. What happens to a contact at one time is
        spread over the topics; so most of it meets in one commit, and the contact is written once. Batches not `usable` are dropped.
        """
        lanes = self._lanes[partition]
        taken: list[RecordBatch] = []
        while True:
            for topic, lane in lanes.items():
                while lane and not usable(lane[0]):
                    self._remove(Lane(topic, partition), lane)
            heads = [topic for topic, lane in lanes.items() if lane]
            if not heads:
                return taken
            oldest = min(heads, key=lambda topic: lanes[topic][0][0].timestamp)
            records -= len(lanes[oldest][0])
            if taken and records < 0:
                return taken
            taken.append(self._remove(Lane(oldest, partition), lanes[oldest]))

    def _remove(self, lane: Lane, waiting: deque[RecordBatch]) -> RecordBatch:
        self._room[lane].release()
        return waiting.popleft()
