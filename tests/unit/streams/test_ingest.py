"""What becomes of a batch: applied, refused, tried again, or the end of the worker."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from faust.types import TP

from events.log.port import LogUnavailable
from events.log.record import Record
from events.topics import CONTACT, EMAIL, ENROLLMENT, MEETING, SOURCE_TOPICS
from projections.generations import Generation
from projections.tables.memory import MemoryStore
from projections.tables.store import Refused, StoreError, StoreUnavailable
from streams import patience
from streams.ingest import GivenUp, Ingest
from streams.positions import HoleInLog, Lane
from streams.projector import Applied, Batch, TooManyFailures
from streams.settings import WorkerSettings
from streams.target import Target
from streams.transport.batches import RecordBatch
from tests.unit.streams.memory_log import MemoryLog

Outcome = Applied | Refused | Exception


class Projector:
    """Answers as it is told, and writes the position of what it applies. While `gate` is shut, nothing comes to an end."""

    def __init__(self, store: MemoryStore, *outcomes: Outcome) -> None:
        self.commits: list[tuple[Batch, ...]] = []
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.forgotten: list[int] = []
        self.moved: list[int] = []
        self._store = store
        self._outcomes = list(outcomes)

    async def apply(self, *batches: Batch) -> Applied | Refused:
        self.commits.append(batches)
        self.begun.set()
        await self.gate.wait()
        outcome = self._outcomes.pop(0) if self._outcomes else Applied(sum(len(batch.records) for batch in batches), 0, 1)
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Applied):
            for batch in batches:
                set_position(self._store, batch.topic, batch.partition, batch.next_offset)
        return outcome

    @property
    def batches(self) -> list[Batch]:
        return [batch for batches in self.commits for batch in batches]

    def forget(self, partition: int) -> None:
        self.forgotten.append(partition)

    def move_to(self, generation: int, shards: int) -> None:
        self.moved.append(generation)


class Consumer:
    def __init__(self) -> None:
        self.stale = False
        self.sought: list[Mapping[TP, int]] = []
        self.applied: list[RecordBatch] = []

    def is_stale(self, batch: RecordBatch) -> bool:
        return self.stale

    def mark_applied(self, batch: RecordBatch) -> None:
        self.applied.append(batch)

    async def seek_all(self, positions: Mapping[TP, int]) -> None:
        self.sought.append(positions)


class Scene:
    """An `Ingest` among fakes. `failures`: what ended the worker."""

    def __init__(
        self,
        *outcomes: Outcome,
        partitions: frozenset[int] | None = None,
        until: Mapping[Lane, int] | None = None,
        **settings: Any,
    ) -> None:
        self.store = MemoryStore()
        self.log = MemoryLog()
        self.projector = Projector(self.store, *outcomes)
        self.consumer = Consumer()
        self.failures: list[Exception] = []
        self.active = Generation(1, 2, 1, "hash", 0)
        projector: Any = self.projector
        target = Target(self.enter, partitions, until or {})
        self.ingest = Ingest(
            projector,
            self.store,
            self.log,
            WorkerSettings(**settings),
            target=target,
            generation=self.active,
            fail=self.failures.append,
        )
        consumer: Any = self.consumer
        self.ingest.consumer = consumer

    async def enter(self) -> Generation:
        return self.active

    async def take(self, batch: RecordBatch) -> None:
        """Hand over a batch, and see what becomes of it."""
        await self.ingest.take(batch)
        await self.ingest.settled()

    def holds(self, topic: str, partition: int, count: int, applied: int = 0) -> None:
        self.log.put(topic, partition, count)
        if applied:
            set_position(self.store, topic, partition, applied)


def set_position(store: MemoryStore, topic: str, partition: int, offset: int) -> None:
    store.hashes.setdefault(f"tally:{{1.0}}:partition:{partition}", {})[f"offset:{topic}".encode()] = str(offset).encode()


def batch_of(topic: str, partition: int, start: int, offsets: range) -> RecordBatch:
    return RecordBatch([Record(topic, partition, offset, 0, b"k", b"v") for offset in offsets], TP(topic, partition), start, epoch=1)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_RETRY_AFTER", 0)


async def test_a_batch_is_applied_and_counted() -> None:
    scene = Scene(Applied(4, 1, 9))
    scene.holds(EMAIL, 0, 5)
    await scene.ingest.load_positions({TP(EMAIL, 0)})
    batch = batch_of(EMAIL, 0, 0, range(5))
    await scene.take(batch)
    assert scene.projector.batches == [Batch(EMAIL, 0, 0, 5, batch)]
    assert (scene.ingest.applied, scene.ingest.quarantined, scene.ingest.positions) == (4, 1, {Lane(EMAIL, 0): 5})
    assert scene.consumer.applied == [batch]
    assert scene.ingest.committed_at is not None


async def test_positions_are_those_of_the_store() -> None:
    scene = Scene()
    scene.holds(EMAIL, 0, 9, applied=7)
    scene.holds(CONTACT, 1, 3)
    assigned = {TP(topic, partition) for topic in SOURCE_TOPICS for partition in (0, 1)}
    assert await scene.ingest.load_positions(assigned) == {tp: 7 if tp == TP(EMAIL, 0) else 0 for tp in assigned}


async def test_what_went_to_another_worker_is_forgotten_and_nothing_else() -> None:
    scene = Scene()
    await scene.ingest.load_positions({TP(EMAIL, 0), TP(EMAIL, 1)})
    await scene.ingest.load_positions({TP(EMAIL, 1)})
    assert scene.projector.forgotten == [0]


async def test_a_rebalance_that_another_one_overtakes_changes_nothing_any_more() -> None:
    scene = Scene()
    entered, gates = scene.enter, [asyncio.Event(), asyncio.Event()]
    gates[1].set()
    waiting = iter(gates)

    async def enter() -> Generation:
        await next(waiting).wait()
        return await entered()

    scene.ingest._target = Target(enter)
    older = asyncio.create_task(scene.ingest.load_positions({TP(EMAIL, 0), TP(EMAIL, 1)}))
    await asyncio.sleep(0)
    await scene.ingest.load_positions({TP(EMAIL, 1)})
    gates[0].set()
    await older
    assert scene.ingest.positions == {Lane(EMAIL, 1): 0}
    assert scene.projector.forgotten == [0]


async def test_a_stale_batch_is_not_applied() -> None:
    scene = Scene()
    scene.consumer.stale = True
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    assert (scene.projector.batches, scene.consumer.applied) == ([], [])


async def test_after_a_refusal_every_topic_of_the_partition_is_read_again_from_where_it_stands() -> None:
    scene = Scene(Refused("version is 5, read was 4"))
    scene.holds(EMAIL, 1, 9, applied=6)
    scene.holds(ENROLLMENT, 1, 3, applied=2)
    await scene.take(batch_of(EMAIL, 1, 4, range(4, 9)))
    positions = dict.fromkeys(SOURCE_TOPICS, 0) | {EMAIL: 6, ENROLLMENT: 2}
    assert scene.consumer.sought == [{TP(topic, 1): offset for topic, offset in positions.items()}]
    assert (scene.projector.forgotten, scene.consumer.applied, scene.failures) == ([1], [], [])


@pytest.mark.parametrize("error", [StoreUnavailable("away"), LogUnavailable("away"), RuntimeError("once")])
async def test_after_an_error_that_may_pass_the_batch_is_read_again(error: Exception) -> None:
    scene = Scene(error)
    scene.holds(EMAIL, 0, 5)
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    assert (len(scene.consumer.sought), scene.consumer.applied, scene.failures) == (1, [], [])


async def test_a_batch_that_fails_again_and_again_ends_the_worker() -> None:
    scene = Scene(*(RuntimeError("again") for _ in range(3)), attempts=3)
    scene.holds(EMAIL, 0, 5)
    for _ in range(4):
        await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    assert [str(failure) for failure in scene.failures] == [
        "partition 0 failed 3 times in a row, lastly email-events/0 from offset 0: RuntimeError: again"
    ]
    assert isinstance(scene.failures[0], GivenUp)
    assert len(scene.projector.batches) == 3


@pytest.mark.parametrize("error", [TooManyFailures("many"), StoreError("READONLY")])
async def test_an_error_that_will_not_pass_ends_the_worker_at_once(error: Exception) -> None:
    scene = Scene(error)
    scene.holds(EMAIL, 0, 5)
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    assert (scene.failures, len(scene.projector.batches)) == ([error], 1)


async def test_a_gap_ends_the_worker_and_nothing_behind_it_is_applied() -> None:
    scene = Scene()
    scene.holds(EMAIL, 0, 9)
    await scene.take(batch_of(EMAIL, 0, 2, range(5, 9)))
    assert [type(failure) for failure in scene.failures] == [HoleInLog]
    assert "email-events/0 holds nothing from offset 2 to 4" in str(scene.failures[0])
    assert scene.projector.batches == []


@pytest.mark.parametrize(("topic", "settings"), [(CONTACT, {}), (EMAIL, {"allow_gaps": True})])
async def test_a_gap_is_as_usual_where_it_is_expected(topic: str, settings: Mapping[str, Any]) -> None:
    scene = Scene(**settings)
    scene.holds(topic, 0, 9)
    await scene.take(batch_of(topic, 0, 2, range(5, 9)))
    assert (len(scene.projector.batches), scene.failures) == (1, [])


async def test_a_log_that_lost_its_tail_ends_the_worker() -> None:
    scene = Scene()
    scene.holds(EMAIL, 0, 5, applied=8)
    await scene.ingest.load_positions({TP(EMAIL, 0)})
    assert "email-events/0 ends at offset 5, before 8" in str(scene.failures[0])


async def test_a_log_that_lost_its_beginning_ends_the_worker_unless_gaps_are_allowed() -> None:
    for allowed in (False, True):
        scene = Scene(allow_gaps=allowed)
        scene.holds(EMAIL, 0, 5)
        scene.log.begins[EMAIL, 0] = 3
        await scene.ingest.load_positions({TP(EMAIL, 0)})
        assert [str(failure).partition(",")[0] for failure in scene.failures] == ([] if allowed else ["email-events/0 begins at offset 3"])


async def test_nothing_is_begun_after_the_end() -> None:
    scene = Scene()
    await scene.ingest.close()
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    assert (scene.projector.batches, scene.consumer.applied) == ([], [])


async def waiting_behind_one(scene: Scene, *batches: RecordBatch) -> None:
    """Take the batches while another of the same partition is being applied."""
    scene.projector.gate.clear()
    await scene.ingest.take(batch_of(EMAIL, 0, 0, range(5)))
    await scene.projector.begun.wait()
    for batch in batches:
        await scene.ingest.take(batch)
    scene.projector.gate.set()
    await scene.ingest.settled()


async def test_batches_that_wait_for_one_partition_are_applied_together() -> None:
    scene = Scene()
    await waiting_behind_one(
        scene, batch_of(ENROLLMENT, 0, 0, range(3)), batch_of(CONTACT, 0, 0, range(2)), batch_of(EMAIL, 1, 0, range(1))
    )
    assert sorted([(batch.topic, batch.partition) for batch in commit] for commit in scene.projector.commits) == [
        [(EMAIL, 0)],
        [(EMAIL, 1)],
        [(ENROLLMENT, 0), (CONTACT, 0)],
    ]
    assert (scene.ingest.applied, len(scene.consumer.applied)) == (11, 4)


async def test_together_they_are_no_more_than_one_batch_may_be() -> None:
    scene = Scene(max_batch=6)
    await waiting_behind_one(scene, batch_of(ENROLLMENT, 0, 0, range(4)), batch_of(CONTACT, 0, 0, range(3)))
    assert [[batch.topic for batch in commit] for commit in scene.projector.commits] == [[EMAIL], [ENROLLMENT], [CONTACT]]


async def test_what_becomes_stale_while_it_waits_is_dropped() -> None:
    scene = Scene(Refused("version is 5, read was 4"))
    scene.holds(EMAIL, 0, 5)

    async def seek(positions: Mapping[TP, int]) -> None:
        scene.consumer.stale = True

    scene.consumer.seek_all = seek  # type: ignore[method-assign]  # every seek makes what waits stale
    await waiting_behind_one(scene, batch_of(ENROLLMENT, 0, 0, range(3)))
    assert [[batch.topic for batch in commit] for commit in scene.projector.commits] == [[EMAIL]]


async def test_the_end_waits_for_the_batch_in_hand_and_begins_no_other() -> None:
    scene = Scene()
    scene.projector.gate.clear()
    await scene.ingest.take(batch_of(EMAIL, 0, 0, range(2)))
    await scene.projector.begun.wait()
    await scene.ingest.take(batch_of(MEETING, 0, 0, range(2)))
    end = asyncio.create_task(scene.ingest.close())
    await asyncio.sleep(0)
    assert not end.done()
    scene.projector.gate.set()
    await end
    assert [batch.topic for batch in scene.projector.batches] == [EMAIL]


async def test_a_store_that_was_set_back_is_noticed_though_nothing_comes() -> None:
    scene = Scene()
    scene.holds(EMAIL, 0, 5)
    await scene.ingest.load_positions({TP(topic, 0) for topic in SOURCE_TOPICS})
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    scene.ingest.look_after()
    await scene.ingest.settled()
    assert scene.consumer.sought == []
    set_position(scene.store, EMAIL, 0, 2)
    scene.ingest.look_after()
    await scene.ingest.settled()
    assert scene.consumer.sought == [{TP(topic, 0): 2 if topic == EMAIL else 0 for topic in SOURCE_TOPICS}]
    assert (scene.projector.forgotten, scene.ingest.positions[Lane(EMAIL, 0)]) == ([0], 2)


async def test_a_full_batch_waits_a_little_for_what_comes_with_it() -> None:
    scene = Scene(max_batch=12)  # so that three records are a full batch
    full = asyncio.create_task(scene.ingest.take(batch_of(EMAIL, 0, 0, range(3))))
    await asyncio.sleep(0.01)
    assert scene.projector.commits == []
    await scene.take(batch_of(ENROLLMENT, 0, 0, range(1)))
    await full
    assert [[batch.topic for batch in commit] for commit in scene.projector.commits] == [[EMAIL, ENROLLMENT]]


async def test_another_generation_that_takes_over_is_written_from_its_own_positions() -> None:
    scene = Scene(Refused("generation 2 has taken over"))
    for partition in (0, 1):
        scene.holds(EMAIL, partition, 9, applied=5)
    await scene.ingest.load_positions({TP(EMAIL, 0), TP(EMAIL, 1)})
    scene.active = Generation(2, 2, 1, "hash", 1)
    for partition, offset in enumerate((3, 7)):
        scene.store.hashes[f"tally:{{2.0}}:partition:{partition}"] = {b"offset:email-events": str(offset).encode()}
    await scene.take(batch_of(EMAIL, 0, 5, range(5, 9)))
    assert scene.projector.moved == [2]
    assert scene.ingest.positions == {Lane(EMAIL, 0): 3, Lane(EMAIL, 1): 7}
    (sought,) = scene.consumer.sought
    assert (sought[TP(EMAIL, 0)], sought[TP(EMAIL, 1)]) == (3, 7)
    assert scene.failures == []


async def test_a_generation_that_is_gone_ends_the_worker() -> None:
    scene = Scene(Refused("version is 0, read was 3"))
    scene.holds(EMAIL, 0, 5)
    await scene.ingest.load_positions({TP(EMAIL, 0)})

    async def gone() -> Generation:
        raise StoreError("generation 1 is not there")

    scene.ingest._target = Target(gone)
    await scene.take(batch_of(EMAIL, 0, 0, range(5)))
    assert [str(failure) for failure in scene.failures] == ["generation 1 is not there"]


async def test_the_partitions_of_others_are_neither_read_nor_applied() -> None:
    scene = Scene(partitions=frozenset([1]))
    for partition in (0, 1):
        scene.holds(EMAIL, partition, 9)
    assert await scene.ingest.load_positions({TP(EMAIL, 0), TP(EMAIL, 1)}) == {TP(EMAIL, 0): 9, TP(EMAIL, 1): 0}
    await scene.take(batch_of(EMAIL, 0, 9, range(9, 12)))
    assert scene.projector.batches == []
    await scene.take(batch_of(EMAIL, 1, 0, range(3)))
    assert scene.ingest.positions == {Lane(EMAIL, 1): 3}


async def test_nothing_is_applied_beyond_the_end_of_a_rebuild() -> None:
    scene = Scene(until={Lane(EMAIL, 0): 4})
    scene.holds(EMAIL, 0, 9)
    await scene.ingest.load_positions({TP(EMAIL, 0)})
    await scene.take(batch_of(EMAIL, 0, 0, range(6)))
    await scene.take(batch_of(EMAIL, 0, 6, range(6, 9)))
    assert [(batch.start, batch.next_offset, len(batch.records)) for batch in scene.projector.batches] == [(0, 4, 4)]
