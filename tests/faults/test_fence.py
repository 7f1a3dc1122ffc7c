"""Two writers of one store: whoever has read what does not stand any more is refused, and goes on from what stands."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import Final

import pytest

from events.log.sqlite import SqliteLog
from events.topics import SOURCE_TOPICS
from projections import generations
from projections.dump import dump
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.store import Refused
from projections.takeover import cutover, rollback
from streams import rebuild
from streams.positions import Lane
from streams.projector import Applied, Batch, Projector
from tests.faults import mailer
from tests.faults.mutants import at_work, notices
from tests.faults.pair import PARTITIONS
from tests.faults.processes import refold

Connect = Callable[[], RedisWritableStore]
_RECORDS: Final = 900
_STEPS: Final = 5_000
"""After which two writers must have come to the log's end."""


class Writer:
    """A projector of its own, which reads on from wherever it has come to, and after a refusal from where the store stands."""

    def __init__(self, log: SqliteLog, store: RedisWritableStore, generation: int = 1) -> None:
        self.projector = Projector(store, quarantine=_nothing, generation=generation)
        self.refusals = 0
        self._log = log
        self._at = {Lane(topic, partition): 0 for topic in SOURCE_TOPICS for partition in range(PARTITIONS)}

    async def step(self, lane: Lane, limit: int) -> Applied | Refused | None:
        """Apply a batch, or have it refused; None when there is none."""
        start = self._at[lane]
        records = self._log.read(*lane, start, limit)
        if not records:
            return None
        outcome = await self.projector.apply(Batch(*lane, start, records[-1].offset + 1, records))
        if isinstance(outcome, Applied):
            self._at[lane] = records[-1].offset + 1
        else:
            self.refusals += 1
            await self.look(lane.partition)
        return outcome

    async def look(self, partition: int) -> None:
        """Read the positions of a partition."""
        stored = await self.projector.positions(partition)
        self._at.update({Lane(topic, partition): stored.get(topic, 0) for topic in SOURCE_TOPICS})

    async def finish(self) -> None:
        """Apply all that is left."""
        for lane in self._at:
            while await self.step(lane, 100) is not None:
                pass


async def _nothing(_letters: object) -> None:
    """Dead letters are of no account here."""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log:
        log.append(mailer.take(_RECORDS))
        yield log


@pytest.fixture
async def connect(valkey: str) -> AsyncIterator[Connect]:
    """Makes a connection as every worker has one of its own."""
    async with AsyncExitStack() as stack:

        def make() -> RedisWritableStore:
            store = RedisWritableStore(valkey)
            stack.push_async_callback(store.aclose)
            return store

        yield make


@notices("fence-off", "stale-cache-kept")
async def test_two_workers_that_believe_to_have_the_same_partitions_take_turns(
    log: SqliteLog, connect: Connect, store: RedisStore, mutant: str | None
) -> None:
    random = Random(5)
    with at_work(mutant):
        writers = [Writer(log, connect()), Writer(log, connect())]
        lanes = [Lane(topic, partition) for topic in SOURCE_TOPICS for partition in range(PARTITIONS)]
        for _ in range(_STEPS):
            await random.choice(writers).step(random.choice(lanes), random.randint(1, 12))
        for writer in writers:
            await writer.finish()
    assert dump(store, PARTITIONS) == await refold(log)
    assert all(writer.refusals > 20 for writer in writers)


@notices("stale-cache-kept")
async def test_a_refused_worker_forgets_what_it_held_of_the_partition(
    log: SqliteLog, connect: Connect, store: RedisStore, mutant: str | None
) -> None:
    lane = Lane("email-events", 0)
    with at_work(mutant):
        first, second = Writer(log, connect()), Writer(log, connect())
        assert isinstance(await first.step(lane, 40), Applied)  # and holds the contacts
        await second.look(lane.partition)
        assert isinstance(await second.step(lane, 40), Applied)  # of whom some have changed now
        assert isinstance(await first.step(lane, 40), Refused)
        await first.finish()
    assert dump(store, PARTITIONS) == await refold(log)


@notices("successor-ignored")
async def test_a_cutover_and_a_rollback_while_a_worker_commits(
    log: SqliteLog, connect: Connect, store: RedisStore, mutant: str | None
) -> None:
    with at_work(mutant):
        writable = connect()
        await generations.enter(writable, PARTITIONS, 0)
        made = await rebuild.begin(writable, PARTITIONS, 1, {})
        old, new = Writer(log, connect()), Writer(log, connect(), made.number)
        lane = Lane("email-events", 1)
        await old.step(lane, 50)
        await new.finish()
        await cutover(writable, made.number)
        before = dump(store, PARTITIONS)
        assert isinstance(await old.step(lane, 50), Refused)
        assert dump(store, PARTITIONS) == before
        log.append(mailer.take(400, seed=1))
        assert isinstance(await new.step(lane, 10), Applied)
        await rollback(writable)
        assert isinstance(await new.step(lane, 10), Refused)
        await old.finish()
    assert dump(store, PARTITIONS) == await refold(log)
