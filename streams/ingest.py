"""What the agents do with a batch: hand it to the projector, and settle what goes wrong."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic

from faust.types import TP

from events.log.port import Log, LogError
from projections.tables.store import StoreError, WritableStore
from streams.patience import AWAY, Patience
from streams.positions import HoleInLog, Lane, check_follows, check_holes, stored_positions
from streams.projector import Applied, Batch, Projector, TooManyFailures
from streams.settings import WorkerSettings
from streams.transport.batches import BatchConsumer, RecordBatch

logger = logging.getLogger("tally.worker")


class GivenUp(Exception):
    """Batches of a partition raised again and again; the message names them and the last error."""


class Ingest:
    """What the agents do with batches, apart from Faust.

    `fail` is called with an error after which the worker has to stop; nothing is applied from then on. Everything runs in one event loop.
    """

    def __init__(
        self,
        projector: Projector,
        store: WritableStore,
        log: Log,
        settings: WorkerSettings,
        *,
        generation: int,
        fail: Callable[[Exception], None],
    ) -> None:
        self.applied = 0
        """Events applied since the start."""
        self.quarantined = 0
        self.committed_at: float | None = None
        """When the last batch was applied, by `time.monotonic`."""
        self.positions: dict[Lane, int] = {}
        """The next offset of every lane that this worker holds."""
        self.consumer: BatchConsumer
        self._projector = projector
        self._store = store
        self._log = log
        self._settings = settings
        self._generation = generation
        self._fail = fail
        self._closed = False
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._failed: Counter[int] = Counter()  # partition -> attempts in a row
        self._waiting: defaultdict[int, dict[int, RecordBatch]] = defaultdict(dict)
        self._patience = Patience(settings.report_interval)
        # While a refusal moves the positions of all topics of a partition, no batch of it may be applied.
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def load_positions(self, assigned: set[TP]) -> Mapping[TP, int]:
        """Where to read on, after a rebalance. Forgets the partitions that went to others."""
        lanes = {Lane(*tp) for tp in assigned}
        for partition in {lane.partition for lane in self.positions} - {lane.partition for lane in lanes}:
            self._projector.forget(partition)
        self.positions = {}
        try:
            stored = await self._positions({lane.partition for lane in lanes})
        except HoleInLog as hole:
            self._stop(hole)
            # Faust has to get an answer; what it will read from here is not applied any more.
            return dict.fromkeys(assigned, 0)
        self.positions = {lane: offset for lane, offset in stored.items() if lane in lanes}
        logger.info("reading %s", _described(lanes))
        return {TP(*lane): offset for lane, offset in self.positions.items()}

    async def take(self, batch: RecordBatch) -> None:
        """Apply a batch, unless it is out of date. Raises nothing: Faust would take a batch that raised for done and go on behind it.

        Batches of other topics that wait for the same partition are applied with it: one commit instead of five while little is written.
        """
        partition = batch.tp.partition
        waiting = self._waiting[partition]
        waiting[id(batch)] = batch
        self._in_hand += 1
        self._idle.clear()
        try:
            async with self._turns[partition]:
                if id(batch) in waiting and (together := self._together(waiting, batch)):
                    await self._apply(partition, together)
        finally:
            waiting.pop(id(batch), None)
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()

    def _together(self, waiting: dict[int, RecordBatch], first: RecordBatch) -> list[RecordBatch]:
        """Take `first`, and what fits in with it, from those waiting. What is out of date is taken too, and dropped."""
        together: list[RecordBatch] = []
        room = self._settings.max_batch
        for batch in (first, *(other for other in waiting.values() if other is not first)):
            if self._closed or self.consumer.is_stale(batch):
                del waiting[id(batch)]
            elif not together or len(batch) <= room:
                del waiting[id(batch)]
                together.append(batch)
                room -= len(batch)
        return together

    async def close(self) -> None:
        """Begin no other batch, and wait for those in hand, for `stop_timeout` seconds at most."""
        self._closed = True
        try:
            await asyncio.wait_for(self._idle.wait(), self._settings.stop_timeout)
        except TimeoutError:
            logger.warning(
                "stopping without the end of %d batches in hand: they are applied whole or not at all, and read again", self._in_hand
            )

    async def _apply(self, partition: int, batches: Sequence[RecordBatch]) -> None:
        try:
            if not self._settings.allow_gaps:
                for batch in batches:
                    check_follows(Lane(*batch.tp), batch.start, batch[0].offset)
            outcome = await self._projector.apply(*(Batch(*batch.tp, batch.start, batch.next_offset, batch) for batch in batches))
            if isinstance(outcome, Applied):
                self._note(partition, batches, outcome)
                return
            # Usual once after a rebalance: somebody else was faster, or this worker was away for a while.
            logger.info("refused: %s; reading partition %d again from the stored positions", outcome.reason, partition)
        except AWAY as error:
            await self._patience.pause(f"waiting: {error}")
        except (HoleInLog, TooManyFailures, StoreError, LogError) as error:
            self._stop(error)
            return
        except Exception as error:
            self._failed[partition] += 1
            names = ", ".join(f"{batch.tp.topic}/{partition} from offset {batch.start}" for batch in batches)
            logger.exception("%s failed, attempt %d of %d", names, self._failed[partition], self._settings.attempts)
            if self._failed[partition] >= self._settings.attempts:
                what = f"{type(error).__name__}: {error}".splitlines()[0]
                self._stop(GivenUp(f"partition {partition} failed {self._failed[partition]} times in a row, lastly {names}: {what}"))
                return
            await self._patience.pause(f"trying partition {partition} again")
        await self._read_again(partition)

    def _note(self, partition: int, batches: Sequence[RecordBatch], outcome: Applied) -> None:
        self.applied += outcome.events
        self.quarantined += outcome.quarantined
        self.committed_at = monotonic()
        self._failed.pop(partition, None)
        for batch in batches:
            self.consumer.mark_applied(batch)
            if (lane := Lane(*batch.tp)) in self.positions:
                self.positions[lane] = batch.next_offset

    async def _read_again(self, partition: int) -> None:
        """Seek every topic of the partition to its stored position: they share one version, so what waits of any may be out of date."""
        self._projector.forget(partition)
        try:
            stored = await self._positions({partition})
        except HoleInLog as hole:
            self._stop(hole)
            return
        self.positions.update({lane: offset for lane, offset in stored.items() if lane in self.positions})
        await self.consumer.seek_all({TP(*lane): offset for lane, offset in stored.items()})

    async def _positions(self, partitions: set[int]) -> dict[Lane, int]:
        """The stored positions, and nothing wrong with them. Waits for store and log as long as it takes."""
        stored = await self._patience.ask("Redis", lambda: stored_positions(self._store, self._generation, sorted(partitions)))
        await self._patience.ask("the log", lambda: check_holes(self._log, stored, allow_gaps=self._settings.allow_gaps))
        return stored

    def _stop(self, error: Exception) -> None:
        self._closed = True
        self._fail(error)


def _described(lanes: Collection[Lane]) -> str:
    """In the words of people. Not "of every topic" means that the assignor has torn topics apart."""
    numbers = sorted({lane.partition for lane in lanes})
    if not numbers:
        return "no partitions: there are more workers than partitions"
    if len(lanes) == len(numbers) * len({lane.topic for lane in lanes}):
        return f"partitions {', '.join(map(str, numbers))} of every topic"
    return ", ".join(f"{lane.topic}/{lane.partition}" for lane in sorted(lanes))
