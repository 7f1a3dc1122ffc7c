"""The projector: a batch of records -> judged, folded into the states of its contacts, and written with its offsets in one commit."""

import asyncio
import time
import traceback
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from events.log.record import Headers
from events.quarantine.dead_letter import DeadLetter
from events.refusal import Refusal
from events.topics import CONTACT
from events.wire import decode
from projections.account_fold import AccountFold, Owners
from projections.moments import Moment, reach
from projections.partition import PartitionState, load_partition
from projections.tables.layout import shard_prefix
from projections.tables.store import Commit, Committed, Refused, WritableStore
from streams.descriptions import DESCRIBED, Descriptions
from streams.folded import Folded, Held, sample
from streams.metrics import Meters, Metric

FAILED: Final = "failed"
"""Reason of a record that our own code could not take; the others are those of `events.refusal`."""


class RecordLike(Protocol):
    """What is read of a record; aiokafka's and our own both have it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Any: ...


class Batch(NamedTuple):
    """A fetched run of records of one partition, from `start` (the end of the one before) to `next_offset`, gaps of the log included."""

    topic: str
    partition: int
    start: int
    next_offset: int
    records: Sequence[RecordLike]


@dataclass(frozen=True, slots=True)
class Applied:
    """A batch is in the store: how many events it held, how many records were set aside, and the partition's new version."""

    events: int
    quarantined: int
    version: int


@dataclass(frozen=True, slots=True)
class FailureLimits:
    """When failures must be our own fault: more than `consecutive` in a row, or more than that and than a share of the last `window`
    records."""

    consecutive: int = 100
    share: float = 0.1
    window: int = 10_000


NO_FAILURES: Final = FailureLimits(consecutive=0, share=0.0)
"""Our own code may fail on nothing."""


class TooManyFailures(Exception):
    """Our own code fails on too many records; going on would only fill the quarantine. The message names the last one and the remedy."""


def _tell_nobody(_commit: Commit, _version: int) -> None:
    """Nobody wants to know."""


class _Poison(Exception):
    """The fold raised on a batch; the cause says where."""


class Projector:
    """Applies batches to one generation. Batches of one partition number are applied one at a time, those of different ones may interleave.

    `quarantine` is awaited before the commit of the batch it concerns. `contacts_held`: contacts kept in memory for each partition and
    account. `tell` hears of each commit and the version that it made.
    """

    def __init__(
        self,
        store: WritableStore,
        *,
        quarantine: Callable[[Sequence[DeadLetter]], Awaitable[None]],
        generation: int = 1,
        shards: int = 1,
        limits: FailureLimits | None = None,
        contacts_held: int = 50_000,
        meters: Meters | None = None,
        tell: Callable[[Commit, int], None] = _tell_nobody,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._generation, self._shards = generation, shards
        self._quarantine = quarantine
        self._limits = limits or FailureLimits()
        self._contacts_held = contacts_held
        self._meters = meters or Meters()
        self._tell = tell
        self._clock = clock
        self._partitions: dict[int, PartitionState] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._failed_in_a_row = self._failed_lately = self._seen_lately = 0

    async def positions(self, partition: int) -> dict[str, int]:
        """topic -> the next offset that the store expects; a topic that is missing stands at 0."""
        async with self._locks[partition]:
            return dict((await self._state(partition)).offsets)

    def move_to(self, generation: int, shards: int) -> None:
        """Apply to another generation from now on. Commits in hand end in the one that they began in, or are refused there."""
        self._generation, self._shards = generation, shards
        self._partitions.clear()

    def forget(self, partition: int) -> None:
        """Drop what is held of a partition: it was revoked, or the store has moved on."""
        self._partitions.pop(partition, None)

    async def apply(self, *batches: Batch) -> Applied | Refused:
        """Apply batches of one partition number in one commit, or have all of them refused by the fence.

        They may be of several topics, and of one topic in the log's order without a gap between them. After `Refused` every topic of the
        partition must be read again from `positions`. Raises `StoreError` or `LogUnavailable` when store or quarantine fail (nothing is
        held then; apply again after `positions`), and `TooManyFailures`.
        """
        partition = batches[0].partition
        async with self._locks[partition]:
            try:
                outcome = await self._apply(partition, batches)
            except BaseException:
                self.forget(partition)
                raise
            if isinstance(outcome, Refused):
                self._meters.add(Metric.REFUSED, 1)
            return outcome

    async def _apply(self, partition: int, batches: Sequence[Batch]) -> Applied | Refused:
        state = await self._state(partition)
        positions: dict[str, tuple[int, int]] = {}
        for batch in batches:
            start, expected = positions.get(batch.topic, (batch.start, state.offsets.get(batch.topic, 0)))
            if expected != batch.start:
                self.forget(partition)
                return Refused(f"offset of {batch.topic} is {expected}, the batch starts at {batch.start}")
            positions[batch.topic] = (start, batch.next_offset)
        commit = Commit(state.progress_key, state.version, positions, committed_at=int(self._clock() * 1000))
        try:
            folded = await self._fold(state, commit, batches)
        except _Poison as poison:
            self.forget(partition)  # the fold stopped half-way
            return await self._narrow_down(partition, batches, poison)
        reach(Moment.FOLDED)
        return await self._commit(state, commit, batches, folded)

    async def _narrow_down(self, partition: int, batches: Sequence[Batch], poison: _Poison) -> Applied | Refused:
        """Apply what raised in halves, one after the other, so that a poison record ends up alone and is set aside."""
        if len(batches) > 1:
            halves = (batches[: len(batches) // 2], batches[len(batches) // 2 :])
        elif len(batches[0].records) > 1:
            batch = batches[0]
            half = len(batch.records) // 2
            middle = batch.records[half - 1].offset + 1
            halves = (
                (batch._replace(next_offset=middle, records=batch.records[:half]),),
                (batch._replace(start=middle, records=batch.records[half:]),),
            )
        else:
            return await self._set_aside(batches[0], poison)
        first = await self._apply(partition, halves[0])
        if isinstance(first, Refused):
            return first
        second = await self._apply(partition, halves[1])
        if isinstance(second, Refused):
            return second
        return Applied(first.events + second.events, first.quarantined + second.quarantined, second.version)

    async def _set_aside(self, batch: Batch, poison: _Poison) -> Applied | Refused:
        cause = poison.__cause__
        assert cause is not None
        told = "".join(traceback.format_exception(cause))
        letter = _letter(batch, batch.records[0], FAILED, f"{type(cause).__name__}: {cause}", told)
        self._failed_in_a_row += 1
        self._failed_lately += 1
        self._check_limits(letter)
        state = await self._state(batch.partition)
        positions = {batch.topic: (batch.start, batch.next_offset)}
        commit = Commit(state.progress_key, state.version, positions, committed_at=int(self._clock() * 1000))
        return await self._commit(state, commit, [batch], Folded([letter], 0))

    def _check_limits(self, letter: DeadLetter) -> None:
        limits = self._limits
        lately = max(self._seen_lately, limits.window)
        if self._failed_in_a_row > limits.consecutive or self._failed_lately > max(limits.consecutive, limits.share * lately):
            raise TooManyFailures(
                f"{self._failed_lately} records failed in our own code, the last at {letter.identity}: {letter.detail}; "
                "correct or update the program and start it again (nothing is lost: it goes on where it stopped)"
            )

    async def _state(self, partition: int) -> PartitionState:
        state = self._partitions.get(partition)
        if state is None:
            prefix = shard_prefix(self._generation, partition % self._shards)
            state = self._partitions[partition] = await load_partition(self._store, prefix, partition)
        return state

    async def _fold(self, state: PartitionState, commit: Commit, batches: Sequence[Batch]) -> Folded:
        """Fill the commit. Raises `_Poison` when judging or folding does."""
        letters: list[DeadLetter] = []
        contacts: _Grouped = {}
        described: dict[str, _Grouped] = {}
        events = 0
        try:
            for batch in batches:
                grouped = described.setdefault(batch.topic, {}) if batch.topic in DESCRIBED else contacts
                events += _judge(batch, grouped, letters)
        except Exception as error:
            raise _Poison from error
        held = Held(state, contacts)
        await state.load_contacts(self._store, contacts)
        held.note()
        reach(Moment.LOADED)
        descriptions = [await Descriptions.load(self._store, state.prefix, topic, grouped) for topic, grouped in described.items()]
        try:
            for account, owners in contacts.items():
                AccountFold(state.prefix, state.account(account), state.partition, commit).fold(owners)
            for one in descriptions:
                one.fold(state, commit)
        except Exception as error:
            raise _Poison from error
        held.note()
        return Folded(letters, events, held.found(), sample(contacts))

    async def _commit(self, state: PartitionState, commit: Commit, batches: Sequence[Batch], folded: Folded) -> Applied | Refused:
        letters, events = folded.letters, folded.events
        if letters:
            reach(Moment.SETTING_ASIDE)
            await self._quarantine(letters)
            reach(Moment.SET_ASIDE)
            reasons = commit.counters.setdefault(f"{state.prefix}quarantined", {})
            for letter in letters:
                reasons[letter.reason] = reasons.get(letter.reason, 0) + 1
        if events:
            commit.counters[state.progress_key] = {"events": events}
        for batch in batches:  # by which the log is known again: a topic that was made anew may be as long
            commit.progress[f"stamp:{batch.topic}"] = batch.records[-1].timestamp
        reach(Moment.COMMITTING)
        began = time.perf_counter()
        outcome = await self._store.commit(commit)
        self._meters.observe(Metric.COMMIT, [time.perf_counter() - began])
        if isinstance(outcome, Refused):
            self.forget(state.partition)
            return outcome
        reach(Moment.COMMITTED)
        self._tell(commit, outcome.version)
        self._committed(state, commit, outcome)
        if events:
            self._failed_in_a_row = 0
        records = sum(len(batch.records) for batch in batches)
        folded.measure(self._meters, records, min(batch.records[0].timestamp for batch in batches), self._clock())
        self._seen_lately += records
        if self._seen_lately > self._limits.window:
            self._seen_lately = self._failed_lately = 0
        return Applied(events, len(letters), outcome.version)

    def _committed(self, state: PartitionState, commit: Commit, outcome: Committed) -> None:
        state.version = outcome.version
        for topic, (_, end) in commit.positions.items():
            state.offsets[topic] = end
        for account in state.accounts.values():
            account.names.stored = len(account.names)
            account.evict(self._contacts_held)


_Grouped = dict[str, Owners]
"""account -> owners"""


def _judge(batch: Batch, grouped: _Grouped, letters: list[DeadLetter]) -> int:
    """Sort a batch into events by owner, and dead letters; return how many events there are."""
    topic = batch.topic
    count = 0
    described = DESCRIBED.get(topic)
    for record in batch.records:
        value = record.value
        if value is None and topic == CONTACT:
            owner = _owner(record.key)
            if owner is not None:
                grouped.setdefault(owner[0], {}).setdefault(owner[1], []).append(None)
            continue
        try:
            event = decode(topic, record.key, value, record.headers, record.timestamp)
        except Refusal as refusal:
            letters.append(_letter(batch, record, refusal.reason, refusal.detail))
            continue
        count += 1
        data: Any = event.data
        subject = data.contact_id if described is None else getattr(data, described.id)
        owners = grouped.get(event.account)
        if owners is None:
            owners = grouped[event.account] = {}
        events = owners.get(subject)
        if events is None:
            owners[subject] = [event]
        else:
            events.append(event)
    return count


def _owner(key: bytes | None) -> tuple[str, str] | None:
    """Account and contact of a tombstone, from its key; None if the key is not one of ours, for then it can empty nothing."""
    try:
        account, slash, contact_id = (key or b"").decode().partition("/")
    except UnicodeDecodeError:
        return None
    return (account, contact_id) if slash and account and contact_id else None


def _letter(batch: Batch, record: RecordLike, reason: str, detail: str, told: str | None = None) -> DeadLetter:
    headers: Headers = tuple(record.headers or ())
    return DeadLetter(
        batch.topic, batch.partition, record.offset, record.timestamp, record.key, record.value, headers, str(reason), detail, told
    )
