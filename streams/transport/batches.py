"""Kafka for Faust in batches: one Faust message is a run of records fetched from one partition.

Stock Faust spends about 80 microseconds of event loop on every message, whatever an agent does with it; so the messages are made fewer
and larger. `BatchConsumer` does that for any source of records; `Consumer` and `Transport` put it over Faust's own aiokafka driver, under
the name `batched://`. Positions are not Kafka's: wherever Faust seeks, `BatchApp.load_positions` is asked.

Every topic of a `BatchApp` must be declared with `BatchSchema`. What is touched here beside Faust's published extension points
(`_new_offset`, `_acked`, `_acked_index`, `_read_offset`, `_wait_next_records`, the consumer thread) is held by a contract test,
and the versions are pinned.
"""
# ruff: noqa: ARG002, ASYNC109  the signatures are Faust's

from abc import abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, cast

import faust
from aiokafka.errors import IllegalStateError
from faust.transport import base
from faust.transport.consumer import RecordMap, ensure_TP
from faust.transport.drivers import TRANSPORTS, aiokafka
from faust.types import TP, AppT, ConsumerMessage, Message
from faust.types.transports import ConsumerT

from events.log.port import Log

_BUFFERS_FULL_PAUSE = 0.005
_NOTHING_ASSIGNED_PAUSE = 0.05


class RecordBatch(list[Any]):
    """Raw records of one partition in offset order, never empty.

    `start` is the offset that was asked for: the end of the batch fetched before, or the target of the seek before it. It is what the
    commit compares with the stored position, so a batch that does not follow on what is stored can never be applied.
    """

    __slots__ = ("epoch", "start", "tp")

    def __init__(self, records: Iterable[Any], tp: TP, start: int, epoch: int) -> None:
        super().__init__(records)
        self.tp = tp
        self.start = start
        self.epoch = epoch

    @property
    def next_offset(self) -> int:
        offset: int = self[-1].offset
        return offset + 1

    def before(self, end: int) -> "RecordBatch | None":
        """The records before an offset; None if there are none."""
        if self[-1].offset < end:
            return self
        kept = [record for record in self if record.offset < end]
        return RecordBatch(kept, self.tp, self.start, self.epoch) if kept else None


class BatchSchema(faust.Schema[None, RecordBatch]):
    """Hands a batch to the agent as it is: key and value of its records are judged there, by our own decoder."""

    def loads_key(self, app: AppT, message: Message, **options: Any) -> None:
        return None

    def loads_value(self, app: AppT, message: Message, **options: Any) -> RecordBatch:
        batch: Any = message.value
        return batch  # type: ignore[no-any-return]  # ours: `BatchConsumer._to_message` has put it there


class BatchApp(faust.App):
    """A Faust app whose topics come in batches and whose positions are kept by whoever applies them."""

    load_positions: Callable[[set[TP]], Awaitable[Mapping[TP, int]]]
    """The next offset to read of every given partition. Asked after each rebalance, possibly twice, and may wait for the store."""
    max_batch: int = 4_000
    """Records in one batch at most."""
    source: Log | None = None
    """The log that `streams.transport.sqlite` reads; None where the broker is Kafka."""
    lock: str = "worker"
    """How the lock is called that keeps a second one off an SQLite log."""

    mundane_level = "debug"

    def _create_directories(self) -> None:
        """There are no Faust tables, so no folder for them in whatever folder the program was started in."""


class Fetched(NamedTuple):
    """Records of one partition, and the epoch in which they were read."""

    epoch: int
    records: list[Any]


class _NothingRead(dict[TP, int | None]):
    """Faust's book of the last offset delivered, without a memory.

    Faust drops what lies behind it. A batch delivered while a seek is under way would raise it beyond the target, and the right batches
    would be dropped. Epochs and the fence of the commit do its work.
    """

    def __getitem__(self, tp: TP) -> int | None:
        return None


class BatchConsumer(base.Consumer):
    """What is common to all sources: fetched records become batches, and stale batches disappear.

    Each seek begins a new epoch of its partitions, and what was read in an older one is stale: fetches run beside the event loop, so
    records from before a seek may come in after it.
    """

    app: BatchApp
    mundane_level = "debug"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._read_offset = _NothingRead()
        self._epoch: defaultdict[TP, int] = defaultdict(lambda: 1)  # records are of epoch 0 before the first seek, so those are stale
        self._assignments = 0
        self._start: dict[TP, int] = {}  # where the next batch of the epoch has to start
        self._applied: dict[TP, int] = {}  # the end of the last batch applied, until it is committed

    @abstractmethod
    async def fetch(self, active: set[TP] | None, timeout: float) -> Mapping[TP, Fetched]:
        """The records that are there, or that come within `timeout` seconds, and move the position behind them."""

    def is_stale(self, batch: RecordBatch) -> bool:
        return batch.epoch != self._epoch[batch.tp]

    def mark_applied(self, batch: RecordBatch) -> None:
        """Have the end of this batch committed. Faust's own acknowledgement only says that an agent was done with it, even if it raised."""
        self._applied[batch.tp] = batch.next_offset

    async def seek(self, partition: TP, offset: int) -> None:
        await self.seek_all({ensure_TP(partition): offset})

    async def seek_all(self, positions: Mapping[TP, int]) -> None:
        """Go on at `positions`; what was fetched before is stale. Partitions not assigned to this worker are left out.

        May be called from an agent. Faust's own seek may not: it reaches into the driver from the wrong thread.
        """
        assigned = self.assignment()
        await self._go_on_at({tp: offset for tp, offset in positions.items() if tp in assigned})

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Faust calls this after every rebalance, and seeks nowhere after it: the one place where positions take hold."""
        self._assignments += 1
        number = self._assignments
        positions = await self.app.load_positions(self.assignment())
        if number == self._assignments:  # else another rebalance came meanwhile, and seeks for itself
            await self._go_on_at(positions)
        return positions

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        for tp in revoked:
            self._epoch[tp] += 1  # the driver may read from a position of its own until the next seek
            self._start.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def _go_on_at(self, positions: Mapping[TP, int]) -> None:
        for tp, offset in positions.items():
            self._epoch[tp] += 1
            self._start[tp] = offset
        await self.seek_wait(positions)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:
        async for tp, message in super().getmany(timeout):
            batch: Any = message.value
            if not self.is_stale(batch):
                yield tp, message

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> RecordMap:
        fetched = await self.fetch(active_partitions, timeout)
        return {tp: self._cut(tp, *found) for tp, found in fetched.items() if found.epoch == self._epoch[tp]}

    def _cut(self, tp: TP, epoch: int, records: list[Any]) -> list[RecordBatch]:
        # Should the log have been made anew below us, the fence must see where the records really begin.
        start = min(self._start[tp], records[0].offset)
        batches = []
        for index in range(0, len(records), self.app.max_batch):
            batch = RecordBatch(records[index : index + self.app.max_batch], tp, start, epoch)
            start = batch.next_offset
            batches.append(batch)
        self._start[tp] = start
        return batches

    async def _wait_next_records(self, timeout: float) -> tuple[RecordMap | None, set[TP] | None]:
        # Stock Faust sleeps for a whole second when every buffer is full, which halves the throughput.
        if self.flow_active and not self._get_active_partitions():
            await self.sleep(_BUFFERS_FULL_PAUSE if self._buffered_partitions else _NOTHING_ASSIGNED_PAUSE)
            return {}, set()
        return await super()._wait_next_records(timeout)

    def _to_message(self, tp: TP, record: RecordBatch) -> ConsumerMessage:
        last = record[-1]
        return ConsumerMessage(
            topic=last.topic,
            partition=last.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000.0,
            timestamp_type=0,
            headers=None,
            key=None,
            value=record,  # type: ignore[arg-type]  # Faust expects bytes; `BatchSchema` knows better
            checksum=None,
            tp=record.tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    def _new_offset(self, tp: TP) -> int | None:
        """The offset to commit, for display: what is applied, instead of what is acknowledged."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self._applied.pop(tp, None)


class _ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """The thread that owns the aiokafka consumer. Only here is it known whether records were read before or after a seek."""

    consumer: "Consumer"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._epoch: defaultdict[TP, int] = defaultdict(int)

    async def _seek_wait(self, consumer: Any, partitions: Mapping[TP, int]) -> None:
        # One that was overtaken by a newer seek must not undo it.
        partitions = {tp: offset for tp, offset in partitions.items() if self.consumer._start.get(tp) == offset}
        for tp in partitions:
            self._epoch[tp] = self.consumer._epoch[tp]
        # The base class seeks before it first awaits anything, so no fetch comes between the epoch and its seek.
        await super()._seek_wait(consumer, partitions)

    async def _fetch_records(self, *arguments: Any, **options: Any) -> RecordMap:
        # aiokafka hands out records without awaiting anything after it took them, so no seek comes between them and their epoch.
        found = await super()._fetch_records(*arguments, **options)
        labelled: Any = {ensure_TP(tp): Fetched(self._epoch[ensure_TP(tp)], records) for tp, records in found.items()}
        return cast(RecordMap, labelled)


class Consumer(BatchConsumer, aiokafka.Consumer):
    """Batches over the aiokafka driver."""

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def fetch(self, active: set[TP] | None, timeout: float) -> Mapping[TP, Fetched]:
        found: Any = await self._thread.getmany(active, timeout)
        return cast(Mapping[TP, Fetched], found)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        try:
            await aiokafka.Consumer.seek_wait(self, partitions)
        except IllegalStateError as error:
            # Revoked since the caller looked: whoever gets the partition seeks anew, ourselves included.
            self.log.info("no seek: %s", error)


class Transport(aiokafka.Transport):
    """`batched://HOST:PORT`"""

    Consumer: ClassVar[type[ConsumerT]] = Consumer


TRANSPORTS.aliases["batched"] = f"{__name__}:Transport"
