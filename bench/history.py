"""The events that are measured with: the history of a simulated company, the same in every run."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from cli.demo.company import Company
from events.log.port import Log
from events.log.record import Appended, NewRecord, Record
from events.partitioner import partition_for
from streams.projector import Batch

PARTITIONS: Final = 4
_SEED: Final = 1
_UNTIL: Final = int(datetime(2025, 6, 30, 12, tzinfo=UTC).timestamp() * 1000)
_STAMP: Final = _UNTIL + 60_000


def history(events: int) -> Iterator[NewRecord]:
    """The first `events` events of half a year, in the order of their arrival."""
    company = Company.of_events(_SEED, events, until=_UNTIL)
    return (NewRecord(topic, key, value) for topic, key, value in islice(company.events_json(), events))


def load(log: Log, records: Iterable[NewRecord]) -> None:
    """Write the records to the log. Raises what the log says of one that it did not take."""
    failures: list[Exception] = []

    def acknowledge(result: Appended | Exception) -> None:
        if isinstance(result, Exception):
            failures.append(result)

    for record in records:
        log.send(record, acknowledge)
        if failures:
            break
    log.flush()
    if failures:
        raise failures[0]


def batches(records: Iterable[NewRecord], largest: int) -> Iterator[Batch]:
    """The records as a projector gets them, `largest` of a lane at most, about in the order of the log."""
    offsets: defaultdict[tuple[str, int], int] = defaultdict(int)
    waiting: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
    for record in records:
        lane = record.topic, partition_for(record.key, PARTITIONS)
        held = waiting[lane]
        held.append(Record(*lane, offsets[lane], _STAMP, record.key, record.value))
        offsets[lane] += 1
        if len(held) == largest:
            yield _batch(waiting.pop(lane))
    for held in waiting.values():
        yield _batch(held)


def _batch(records: list[Record]) -> Batch:
    first, last = records[0], records[-1]
    return Batch(first.topic, first.partition, first.offset, last.offset + 1, records)
