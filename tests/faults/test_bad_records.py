"""Records that are no events come in thousands, and records that our own code cannot take: the good ones go their way."""

import asyncio
import re
from collections.abc import Sequence
from itertools import chain
from typing import Any

from events.log.record import NewRecord, Record
from events.partitioner import partition_for
from events.topics import EMAIL, QUARANTINE
from projections.dump import Dump, dump
from projections.tables.memory import MemoryStore
from projections.tables.store import Commit, Committed, Refused
from tests.faults import mailer
from tests.faults.mutants import at_work, notices
from tests.faults.pair import PARTITIONS, Pair, publishing
from tests.faults.worker_process import FAILS
from tests.folding import STAMP, Folding

_FEW = {"TALLY_FAILURES_IN_A_ROW": "5"}


class CountsCommits(MemoryStore):
    commits = 0

    async def commit(self, commit: Commit) -> Committed | Refused:
        self.commits += 1
        return await super().commit(commit)


@notices("bad-record-stops-the-batch")
def test_bad_records_among_good_ones_cost_no_commit_of_their_own(mutant: str | None) -> None:
    good = [record for record in mailer.take(2000) if record.topic == EMAIL and record.value != b"not an event"]
    mixed = list(chain.from_iterable((record, record._replace(value=b"not an event")) for record in good))
    with at_work(mutant):
        store, found, letters = folded(mixed, 200)
    alone, expected, _ = folded(good, 100)
    assert store.commits == alone.commits
    assert letters == len(good)
    assert found["default"] == expected["default"]


def folded(records: Sequence[NewRecord], at_once: int) -> tuple[CountsCommits, Dump, int]:
    """The store, its dump and how many dead letters there are, after the records of each partition have come so many at a time."""
    store = CountsCommits()
    folding = Folding(store)
    lanes: dict[int, list[Record]] = {}
    for topic, key, value, _ in records:
        lane = lanes.setdefault(partition_for(key, PARTITIONS), [])
        lane.append(Record(topic, partition_for(key, PARTITIONS), len(lane), STAMP, key, value))

    async def feed() -> None:
        for partition, lane in lanes.items():
            for first in range(0, len(lane), at_once):
                await folding.feed(EMAIL, partition, lane[first : first + at_once])

    asyncio.run(feed())
    return store, dump(store, PARTITIONS), len(folding.letters)


@notices("bad-record-stops-the-batch")
def test_a_flood_of_bad_records_is_set_aside_whole(pair: Pair) -> None:
    worker = pair.start()
    with publishing(pair.address):
        pair.append([NewRecord(EMAIL, f"default/{number}".encode(), b"not an event") for number in range(5000)])
        pair.moves_on(5500)
    pair.is_exact()
    assert worker.is_running
    letters = [dict(one.headers)["tally-id"] for partition in range(PARTITIONS) for one in pair.log.read(QUARANTINE, partition, 0, 1 << 20)]
    assert len(letters) == len(set(letters)) >= 5000


@notices("poison-not-set-aside")
def test_records_that_our_own_code_cannot_take_are_set_aside_while_they_are_few(pair: Pair) -> None:
    worker = pair.start(settings={"FAULT": "on some", **_FEW})
    pair.publish(500)
    pair.append(too_much_for_us(5))
    pair.publish(500, seed=1)
    pair.is_applied()
    assert worker.is_running
    reasons: Any = pair.client.hgetall("tally:{1.0}:quarantined")
    assert int(reasons[b"failed"]) == 5


@notices("failures-without-limit")
def test_when_they_are_many_the_worker_ends_and_says_where(pair: Pair) -> None:
    worker = pair.start(settings={"FAULT": "on some", **_FEW})
    pair.append(too_much_for_us(6))
    assert worker.wait(15) == 1
    said = worker.log.splitlines()[-1]
    assert re.search(r"6 records failed in our own code, the last at email-events/\d/5: RuntimeError: the fold is broken; correct", said)
    assert pair.start("--drain").wait() == 0  # corrected
    pair.is_applied()


def too_much_for_us(number: int) -> list[NewRecord]:
    return [NewRecord(EMAIL, b"default/c", FAILS)] * number
