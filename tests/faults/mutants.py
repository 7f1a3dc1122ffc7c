"""The program with one law broken, and so what a fault test has to notice.

`./dev faults --mutants` runs each test that names mutants (`@notices`) once with each of them, and requires that it fails.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from time import sleep, time
from typing import Any

import pytest

from events import wire
from events.log.group_commit import GroupCommit, Sent
from events.log.record import Appended
from events.refusal import Reason, Refusal
from projections import enrollment_view, facts, generations, partition
from projections.moments import Moment, reach
from projections.tables import redis
from projections.tables.redis import RedisWritableStore
from projections.tables.store import Commit, Committed, Refused, StoreUnavailable
from streams import ingest, patience, positions, projector
from streams.ingest import Ingest
from streams.projector import Projector

Set = Callable[[Any, str, object], None]
"""Sets an attribute, as `setattr`, or so that it is taken back after the test, as `MonkeyPatch.setattr`."""


@dataclass(frozen=True)
class Mutant:
    """One thing wrong. `apply` breaks it in this process."""

    law: str
    """What does not hold any more."""
    apply: Callable[[Set], None]


def notices(*names: str) -> pytest.MarkDecorator:
    """The test goes red under each of these mutants."""
    unknown = set(names) - MUTANTS.keys()
    assert not unknown, f"no mutants: {unknown}"
    return pytest.mark.notices(*names)


@contextmanager
def at_work(mutant: str | None) -> Iterator[None]:
    """What runs in this process meanwhile is the mutant; None: is the program."""
    with pytest.MonkeyPatch.context() as patch:
        if mutant is not None:
            MUTANTS[mutant].apply(patch.setattr)
        yield


def _without_fence(set_: Set) -> None:
    script = re.sub(r"(?s)-- The fence:.*?(?=-- A key of a foreign type)", "local current = '0'\n", redis._COMMIT)
    assert script != redis._COMMIT
    set_(redis, "_COMMIT", script)


def _without_successor(set_: Set) -> None:
    script = redis._COMMIT.replace("if successor then", "if false then")
    assert script != redis._COMMIT
    set_(redis, "_COMMIT", script)


def _offsets_first(set_: Set) -> None:
    whole = RedisWritableStore.commit

    async def commit(self: RedisWritableStore, commit: Commit) -> Committed | Refused:
        first = await whole(self, Commit(commit.progress_key, commit.version, commit.positions, commit.committed_at))
        if isinstance(first, Refused):
            return first
        reach(Moment.COMMITTING)
        rest = {topic: (end, end) for topic, (_, end) in commit.positions.items()}
        return await whole(self, replace(commit, version=first.version, positions=rest))

    set_(RedisWritableStore, "commit", commit)


def _quarantine_after_commit(set_: Set) -> None:
    committed: Any = Projector._commit

    async def commit(self: Projector, *arguments: Any) -> Any:
        kept: list[Any] = []

        async def keep(letters: Any) -> None:
            kept.extend(letters)

        write, self._quarantine = self._quarantine, keep
        try:
            outcome = await committed(self, *arguments)
        finally:
            self._quarantine = write
        if kept:
            await write(kept)
        return outcome

    set_(Projector, "_commit", commit)


async def _nothing(*_: object, **__: object) -> None:
    """Done at once."""


def _stale_cache_kept(set_: Set) -> None:
    loaded = partition.load_partition
    held: dict[Any, Any] = {}

    async def load(store: Any, prefix: str, number: int) -> Any:
        state = await loaded(store, prefix, number)
        kept = held.setdefault((id(store), prefix, number), state)
        kept.version, kept.offsets = state.version, state.offsets
        return kept

    set_(projector, "load_partition", load)


def _ties_by_arrival(set_: Set) -> None:
    set_(facts, "content_order", lambda *_: ())
    set_(enrollment_view.Resolved, "precedes", lambda _, one, other: one[1] < other[1])


def _store_not_looked_at(set_: Set) -> None:
    set_(Ingest, "_compare", _nothing)


def _holes_ignored(set_: Set) -> None:
    set_(ingest, "check_holes", _nothing)
    set_(positions, "check_holes", _nothing)
    set_(ingest, "check_follows", lambda *_: None)


def _states_not_written(set_: Set) -> None:
    whole = RedisWritableStore.commit

    async def commit(self: RedisWritableStore, commit: Commit) -> Committed | Refused:
        hashes = {key: fields for key, fields in commit.hashes.items() if ":contacts:" not in key}
        return await whole(self, replace(commit, hashes=hashes))

    set_(RedisWritableStore, "commit", commit)


def _error_skips_the_batch(set_: Set) -> None:
    async def read_on(self: Ingest, partition: int) -> None:
        """As stock Faust does: what raised counts as done."""

    set_(Ingest, "_read_again", read_on)


def _bad_record_stops_the_batch(set_: Set) -> None:
    judged = projector._judge

    def judge(batch: Any, grouped: Any, letters: Any) -> int:
        before = len(letters)
        events = judged(batch, grouped, letters)
        if len(letters) > before:
            grouped.clear()
        return events

    set_(projector, "_judge", judge)


def _impatient(set_: Set) -> None:
    set_(ingest, "AWAY", ())
    set_(patience, "AWAY", ())


def _written_again_blindly(set_: Set) -> None:
    whole = RedisWritableStore.commit

    async def commit(self: RedisWritableStore, commit: Commit) -> Committed | Refused:
        """As one who takes every error for a commit that was not written."""
        try:
            return await whole(self, commit)
        except StoreUnavailable:
            (found,) = await self.ask([("HMGET", commit.progress_key, "version", *(f"offset:{topic}" for topic in commit.positions))])
            version, *offsets = (int(value or 0) for value in found)
            moved = {topic: (offset, end) for (topic, (_, end)), offset in zip(commit.positions.items(), offsets, strict=True)}
            return await whole(self, replace(commit, version=version, positions=moved, lengths={}))

    set_(RedisWritableStore, "commit", commit)


def _types_not_checked(set_: Set) -> None:
    script = redis._COMMIT.replace("if fault then", "if false then").replace("if not number then", "if false then")
    assert script != redis._COMMIT
    set_(redis, "_COMMIT", script)


def _lost_keys_ignored(set_: Set) -> None:
    set_(generations, "check_partitions", _nothing)


def _identity_ignored(set_: Set) -> None:
    numbers = count(1)
    set_(facts, "identity_of", lambda *_: next(numbers))


def _worker_clock_trusted(set_: Set) -> None:
    def decode(topic: str, key: Any, value: Any, headers: Any, _stamped_at: int) -> Any:
        return wire.decode(topic, key, value, headers, int(time() * 1000))

    set_(projector, "decode", decode)


def _late_events_dropped(set_: Set) -> None:
    newest = 0

    def decode(*arguments: Any) -> Any:
        """As an engine with windows and a watermark."""
        nonlocal newest
        event = wire.decode(*arguments)
        newest = max(newest, event.time)
        if event.time < newest - 7 * 86_400_000:
            raise Refusal(Reason.TIME_OUT_OF_RANGE, "it comes too late")
        return event

    set_(projector, "decode", decode)


def _acknowledged_too_early(set_: Set) -> None:
    stored: Any = GroupCommit._store

    def store(self: GroupCommit, batch: Sequence[Sent]) -> None:
        for sent in batch:
            sent.acknowledge(Appended(sent.partition, 0))
        sleep(0.05)
        stored(self, [sent._replace(acknowledge=lambda _: None) for sent in batch])

    set_(GroupCommit, "_store", store)


def _failures_without_limit(set_: Set) -> None:
    set_(Projector, "_check_limits", lambda *_: None)


def _never_gives_up(set_: Set) -> None:
    set_(Ingest, "_stop", lambda *_: None)


def _topics_not_checked(set_: Set) -> None:
    from events.log.kafka import KafkaLog  # takes a while to import, which most tests need not wait for

    set_(KafkaLog, "check_topics", lambda *_: None)


MUTANTS: Mapping[str, Mutant] = {
    "fence-off": Mutant("a commit whose version or offset is not the one that was read is refused", _without_fence),
    "successor-ignored": Mutant("a generation that was taken over accepts no commit", _without_successor),
    "offsets-first": Mutant("states and offsets are one write", _offsets_first),
    "quarantine-after-commit": Mutant("a dead letter is durable before its batch is committed", _quarantine_after_commit),
    "stale-cache-kept": Mutant("what is held of a partition is dropped when the store has moved on", _stale_cache_kept),
    "ties-by-arrival": Mutant("ties are decided by what the events say", _ties_by_arrival),
    "store-not-looked-at": Mutant("a worker notices that the store was emptied or set back", _store_not_looked_at),
    "holes-ignored": Mutant("a hole in the log stops the worker", _holes_ignored),
    "states-not-written": Mutant("counters and states are one write", _states_not_written),
    "error-skips-the-batch": Mutant("a batch that raised is read again", _error_skips_the_batch),
    "bad-record-stops-the-batch": Mutant("a bad record disturbs no other", _bad_record_stops_the_batch),
    "impatient": Mutant("what is away is waited for", _impatient),
    "written-again-blindly": Mutant("a commit of which nobody knows whether it was written is not repeated", _written_again_blindly),
    "types-not-checked": Mutant("a commit checks all that could fail before it writes", _types_not_checked),
    "lost-keys-ignored": Mutant("a partition that was lost is not taken for one that begins", _lost_keys_ignored),
    "identity-ignored": Mutant("a repetition is known by its identity", _identity_ignored),
    "worker-clock-trusted": Mutant("no clock of a worker decides what an event means", _worker_clock_trusted),
    "late-events-dropped": Mutant("no event comes too late", _late_events_dropped),
    "acknowledged-too-early": Mutant("what is acknowledged is in the log", _acknowledged_too_early),
    "never-gives-up": Mutant("what no waiting can mend ends the worker", _never_gives_up),
    "topics-not-checked": Mutant("a log of another shape is refused", _topics_not_checked),
    "failures-without-limit": Mutant("a program that fails on everything stops", _failures_without_limit),
}
