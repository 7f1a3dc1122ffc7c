"""What the agents do with a batch: hand it to the projector, and settle what goes wrong."""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from time import monotonic
from typing import Final

from faust.types import TP

from events.log.port import Log, LogError
from events.topics import SOURCE_TOPICS
from projections.generations import Generation
from projections.moments import Moment, reach
from projections.tables.store import StoreError, WritableStore
from streams.patience import AWAY, Patience
from streams.positions import HoleInLog, Lane, check_follows, check_log, reached, stored_positions
from streams.projector import Applied, Batch, Projector, TooManyFailures
from streams.settings import WorkerSettings
from streams.target import Target
from streams.threads import in_thread
from streams.transport.batches import BatchConsumer, RecordBatch
from streams.waiting import WaitingBatches

logger = logging.getLogger("tally.worker")


_BETWEEN_COMMITS: Final = 0.01
"""Of one partition: under a steady stream several events then share a commit, which costs as much for one as for ten."""
_PATIENCE_FOR_MORE: Final = 0.05
_LOOK_AGAIN: Final = 0.001


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
        target: Target,
        generation: Generation,
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
        self._target = target
        self._generation = generation
        self._fail = fail
        self._closed = False
        self._assignments = 0
        self._held: set[int] = set()  # the partitions of the last one
        self._waiting = WaitingBatches(settings.waiting_batches)
        self._at_work: dict[int, asyncio.Task[None]] = {}
        self._in_hand: dict[int, float] = {}  # partition -> when its commit began
        self._begun: Counter[int] = Counter()  # partition -> commits begun
        self._idle = asyncio.Event()
        self._idle.set()
        self._failed: Counter[int] = Counter()  # partition -> attempts in a row
        self._rests_until: defaultdict[int, float] = defaultdict(float)
        self._patience = Patience(settings.progress_interval)

    async def load_positions(self, assigned: set[TP]) -> Mapping[TP, int]:
        """Where to read on, after a rebalance. Forgets the partitions that went to others."""
        lanes = {Lane(*tp) for tp in assigned}
        before, self._held = self._held, {lane.partition for lane in lanes}
        for partition in before - self._held:
            self._projector.forget(partition)
        self.positions = {}
        self._assignments += 1
        number = self._assignments
        reach(Moment.ASSIGNED)
        wanted = {lane for lane in lanes if self._target.wants(lane.partition)}
        try:
            await self._look()
            stored = await self._positions({lane.partition for lane in wanted})
            ends = await self._ends() if wanted < lanes else {}
        except (HoleInLog, StoreError) as error:
            self._stop(error)
            # Faust has to get an answer; what it will read from here is not applied any more.
            return dict.fromkeys(assigned, 0)
        if number == self._assignments:  # else another rebalance came meanwhile, and this is of yesterday
            self.positions = {lane: offset for lane, offset in stored.items() if lane in wanted}
            logger.info("reading %s", _described(wanted))
        # What is another's to project is not read from its beginning only to be dropped.
        return {TP(*lane): stored[lane] if lane in wanted else ends[lane] for lane in lanes}

    async def take(self, batch: RecordBatch) -> None:
        """Have a batch applied, after those of its topic before it. Returns as soon as there is room for it to wait."""
        if self._closed or not self._target.wants(batch.tp.partition):
            return
        reach(Moment.FETCHED)
        end = self._target.until.get(Lane(*batch.tp))
        kept = batch if end is None else batch.before(end)
        if kept:
            await self._waiting.put(kept)
            self._set_to_work(batch.tp.partition)

    def look_after(self) -> None:
        """Have every partition with nothing in hand compared with the store.

        A store that was emptied or set back is noticed by the next commit of a partition; one to which nothing comes would stay behind.
        """
        for partition in {lane.partition for lane in self.positions}:
            self._set_to_work(partition, compare=True)

    @property
    def generation(self) -> int:
        """The generation that is written."""
        return self._generation.number

    @property
    def until(self) -> Mapping[Lane, int]:
        """Where the work ends; a lane that is not there has no end."""
        return self._target.until

    def in_hand_for(self, partition: int) -> float:
        """For how many seconds the commit of a partition has been in hand; 0 if none is."""
        return monotonic() - self._in_hand[partition] if partition in self._in_hand else 0.0

    def token(self, lane: Lane) -> Hashable:
        """Something that changes whenever something is done about a lane: it moves, or a commit begins for which it has to wait.

        A batch in memory waits for the commits of its partition, older ones of other topics first; and while one partition has no room,
        the agent of a topic takes in none of the others.
        """
        awaited = {*self._waiting.without_room(lane.topic), *([lane.partition] if self._waiting.holds(lane) else [])}
        return self.positions.get(lane), tuple((partition, self._begun[partition]) for partition in sorted(awaited))

    async def settled(self) -> None:
        """Wait until nothing is in hand any more."""
        await self._idle.wait()

    async def close(self) -> None:
        """Begin no other commit, and wait for those in hand, for `stop_timeout` seconds at most."""
        self._closed = True
        try:
            await asyncio.wait_for(self.settled(), self._settings.stop_timeout)
        except TimeoutError:
            logger.warning(
                "stopping without the end of %d commits in hand: they are written whole or not at all, and read again", len(self._at_work)
            )

    def _set_to_work(self, partition: int, *, compare: bool = False) -> None:
        if partition not in self._at_work and not self._closed:
            self._idle.clear()
            self._at_work[partition] = asyncio.create_task(self._work(partition, compare=compare))

    async def _work(self, partition: int, *, compare: bool) -> None:
        """Apply what waits for a partition, one commit after the other, until nothing does."""
        try:
            if compare:
                await self._compare(partition)
            while not self._closed:
                if (rest := self._rests_until[partition] - monotonic()) > 0:
                    await asyncio.sleep(rest)
                await self._let_come_in(partition)
                batches = self._waiting.take(partition, self._settings.max_batch, self._is_usable)
                if not batches:
                    return
                self._in_hand[partition] = monotonic()
                self._begun[partition] += 1
                await self._apply(partition, batches)
                del self._in_hand[partition]
                self._rests_until[partition] = monotonic() + _BETWEEN_COMMITS
        finally:
            del self._at_work[partition]
            self._in_hand.pop(partition, None)
            if not self._at_work:
                self._idle.set()

    async def _let_come_in(self, partition: int) -> None:
        """Wait a little for more, where a full batch says that more is on its way: a contact that several of them touch is written once."""
        deadline = monotonic() + _PATIENCE_FOR_MORE
        while self._waiting.has_full(partition, self._settings.batch_size) and monotonic() < deadline:
            if self._waiting.records(partition) >= self._settings.max_batch:
                return
            await asyncio.sleep(_LOOK_AGAIN)

    async def _compare(self, partition: int) -> None:
        """Read the partition again if the store does not stand where this worker has brought it."""
        try:
            found = await self._target.enter()
            stored = await stored_positions(self._store, found, [partition])
        except AWAY:
            return  # the commits wait for it, and say so
        except StoreError as error:
            self._stop(error)
            return
        if found.number == self._generation.number and any(self.positions.get(lane, offset) != offset for lane, offset in stored.items()):
            logger.warning(
                "Redis does not stand where this worker left partition %d: it was emptied, set back or written by another", partition
            )
            await self._read_again(partition)
        elif found != self._generation:
            await self._read_again(partition)

    def _is_usable(self, batch: RecordBatch) -> bool:
        return not self.consumer.is_stale(batch)

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
        """Seek every topic of the partition to its stored position: they share one version, so what waits of any may be out of date.

        If another generation has taken over, all partitions go on there, from its own positions.
        """
        reach(Moment.READING_AGAIN)
        self._projector.forget(partition)
        try:
            moved = await self._look()
            stored = await self._positions({lane.partition for lane in self.positions} | {partition} if moved else {partition})
        except (HoleInLog, StoreError) as error:
            self._stop(error)
            return
        self.positions.update({lane: offset for lane, offset in stored.items() if lane in self.positions})
        await self.consumer.seek_all({TP(*lane): offset for lane, offset in stored.items()})

    async def _look(self) -> bool:
        """Ask which generation is to be written, and write that one from now on; True if it is another one than before."""
        found = await self._patience.ask("Redis", self._target.enter)
        if found == self._generation:
            return False
        logger.info("going on in generation %d", found.number)
        self._generation = found
        self._projector.move_to(found.number, found.shards)
        return True

    async def _ends(self) -> Mapping[Lane, int]:
        found = await self._patience.ask("the log", lambda: in_thread(lambda: self._log.ends(SOURCE_TOPICS)))
        return {Lane(*place): end for place, end in found.items()}

    async def _positions(self, partitions: set[int]) -> dict[Lane, int]:
        """The stored positions, and nothing wrong with them. Waits for store and log as long as it takes."""
        stored = await self._patience.ask("Redis", lambda: reached(self._store, self._generation, sorted(partitions)))
        await self._patience.ask("the log", lambda: check_log(self._log, stored, allow_gaps=self._settings.allow_gaps))
        return {lane: one.offset for lane, one in stored.items()}

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
