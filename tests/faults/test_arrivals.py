"""Records come twice, late, in any order, and with clocks that are wrong: the numbers are those of the events."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any, Final

import pytest

from events.log.record import NewRecord, Record
from events.partitioner import partition_for
from events.topics import CONTACT, EMAIL, ENROLLMENT
from projections.dump import Dump, dump
from projections.reports import report
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.faults import mailer
from tests.faults.mutants import at_work, notices
from tests.folding import PARTITIONS, STAMP, Folding
from tests.oracle import reports as oracle

_HOUR: Final = 3_600_000


class Arrived:
    """A store, after records have come in an order, some at a time, stamped by the clock of the log."""

    def __init__(
        self, records: Sequence[NewRecord], at_once: int = 40, *, stamp: int = STAMP, mutant: str | None = None, **options: Any
    ) -> None:
        self.store = MemoryStore()
        with at_work(mutant):
            self._folding = Folding(self.store, **options)
            asyncio.run(self._come(records, at_once, stamp))

    @property
    def dump(self) -> Dump:
        return dump(self.store, PARTITIONS)

    @property
    def refused(self) -> Counter[str]:
        """Reasons of dead letters."""
        return Counter(letter.reason for letter in self._folding.letters)

    async def _come(self, records: Sequence[NewRecord], at_once: int, stamp: int) -> None:
        ends: Counter[tuple[str, int]] = Counter()
        for first in range(0, len(records), at_once):
            lanes: dict[tuple[str, int], list[Record]] = {}
            for topic, key, value, _ in records[first : first + at_once]:
                lane = topic, partition_for(key, PARTITIONS)
                lanes.setdefault(lane, []).append(Record(*lane, ends[lane], stamp, key, value))
                ends[lane] += 1
            for lane, news in lanes.items():
                await self._folding.feed(*lane, news)


def events(number: int, seed: int = 0) -> list[NewRecord]:
    """Of a mailer, without what is no event, and each once; profiles are a table in which the last record counts, so they are left out."""
    once = {record.value: record for record in mailer.take(number, seed) if record.topic != CONTACT and record.value != b"not an event"}
    return list(once.values())


def a_month_before(record: NewRecord) -> NewRecord:
    event = json.loads(record.value or b"")
    event["time"] = (datetime.fromisoformat(event["time"]) - timedelta(days=30)).isoformat()
    return record._replace(value=json.dumps(event).encode())


def shuffled(records: Sequence[NewRecord], seed: int) -> list[NewRecord]:
    return Random(seed).sample(records, len(records))


@pytest.mark.parametrize("repeated", [0.001, 0.02, 0.2])
@notices("identity-ignored")
def test_repetitions_at_other_offsets_change_nothing(repeated: float, mutant: str | None) -> None:
    random, once = Random(1), events(1000)
    again = list(once)
    for record in random.sample(once, max(1, int(repeated * len(once)))) + once[-3:]:
        again.insert(random.randrange(len(again)), record)
    arrived = Arrived(again, mutant=mutant)
    assert arrived.dump == Arrived(once).dump
    assert_recounted(arrived.store, once)


@pytest.mark.parametrize("seed", range(3))
@notices("ties-by-arrival")
def test_what_was_said_at_one_time_is_settled_by_what_was_said_and_not_by_who_came_first(seed: int, mutant: str | None) -> None:
    order = [*permutations(contradictions())][seed::40]
    one, *others = (Arrived(records, at_once=1, mutant=mutant).dump for records in order)
    assert all(other == one for other in others)


@notices("late-events-dropped")
def test_events_in_any_order_and_a_month_late_are_as_good_as_those_in_time(mutant: str | None) -> None:
    punctual, late = events(800), [a_month_before(record) for record in events(200, seed=1)]
    arrived = Arrived([*shuffled(punctual, 2), *shuffled(late, 3)], mutant=mutant, contacts_held=5)
    assert arrived.dump == Arrived([*late, *punctual]).dump
    assert_recounted(arrived.store, [*late, *punctual])


@pytest.mark.parametrize("hours", [-7, 0, 7])
@notices("worker-clock-trusted")
def test_the_clock_of_the_log_says_what_is_from_the_future_and_no_clock_of_a_worker(hours: int, mutant: str | None) -> None:
    started, ahead, too_far = (started_at(STAMP + lead * _HOUR, number) for number, lead in enumerate((0, 24, 25)))
    arrived = Arrived([started, ahead, too_far], mutant=mutant, clock=lambda: STAMP / 1000 + hours * 3600)
    assert arrived.refused == {"time_out_of_range": 1}
    assert_recounted(arrived.store, [started, ahead])


def assert_recounted(store: MemoryStore, once: Sequence[NewRecord]) -> None:
    """The numbers are those that a plain recount of the events comes to."""
    counted = report("sequences", Reader(store), account="default", subject=None, parameters={}).model_dump(by_alias=True)
    del counted["as_of"]
    assert counted == oracle.report([json.loads(record.value or b"") for record in once], "sequences")


def started_at(time: int, number: int) -> NewRecord:
    return _record(ENROLLMENT, "enrollment.started", time, f"s-{number}", contact_id="c", enrollment_id=f"r-{number}", sequence_id="q")


def contradictions() -> list[NewRecord]:
    """Of one contact and one time; each pair says two things of one: who began a run, whose a message is, what ended a run."""
    run, other = ({"contact_id": "c", "enrollment_id": name, "sequence_id": "q"} for name in ("r-1", "r-2"))
    return [
        _record(ENROLLMENT, "enrollment.started", STAMP, "1", **run, enrolled_by="u-1"),
        _record(ENROLLMENT, "enrollment.started", STAMP, "2", **run, enrolled_by="u-2"),
        _record(EMAIL, "email.sent", STAMP, "3", **run, message_id="m", step_id="step-1"),
        _record(EMAIL, "email.sent", STAMP, "4", **other, message_id="m", step_id="step-2"),
        _record(ENROLLMENT, "enrollment.finished", STAMP, "5", **run),
        _record(ENROLLMENT, "enrollment.unenrolled", STAMP, "6", **run, reason="manual"),
    ]


def _record(topic: str, type: str, time: int, id: str, **data: object) -> NewRecord:
    said = datetime.fromtimestamp(time / 1000, UTC).isoformat()
    event = {"specversion": "1.0", "id": id, "source": "mailer", "type": type, "time": said, "data": data}
    return NewRecord(topic, f"default/{data['contact_id']}".encode(), json.dumps(event).encode())
