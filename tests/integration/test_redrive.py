"""Redriving on the real logs: sent once, whatever crashed, and seen by whoever looks there."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from events.log.kafka import KafkaLog
from events.log.port import Log, LogError
from events.log.reading import records
from events.log.record import Appended, NewRecord, Record
from events.log.sqlite import SqliteLog
from events.quarantine.dead_letter import DeadLetter
from events.quarantine.dead_letters import Letter
from events.quarantine.reader import QuarantineReader
from events.topics import EMAIL, QUARANTINE
from streams.proposal import REDRIVEN, propose
from streams.redrive import Outcome, Redrive

OPENED = (
    b'{"specversion": "1.0", "id": "o-1", "source": "mailer", "type": "email.opened", "time": "2026-03-02T10:00:00Z", '
    b'"data": {"contact_id": "c-1", "message_id": "m-1"}}'
)
LETTERS = [
    DeadLetter(EMAIL, 3, offset, 5, key, OPENED, headers, "failed", "it broke")
    for offset, (key, headers) in enumerate(
        [(b"default/c-1", (("trace", b"\x00\xff"),)), (b"default/c-1", ()), (b"default/c-2", ()), (None, ())]
    )
]


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.timeout(120))])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    if request.param == "kafka":
        kafka_log: KafkaLog = request.getfixturevalue("kafka_log")
        yield kafka_log
    else:
        with SqliteLog(tmp_path / "log.db") as made:
            yield made


class Dying:
    """A log to which marks of one kind cannot be written any more."""

    def __init__(self, log: Log, kind: bytes) -> None:
        self._log = log
        self._kind = ("tally-mark", kind)

    def append(self, asked: Sequence[NewRecord]) -> list[Appended]:
        if any(self._kind in record.headers for record in asked):
            raise LogError("died")
        return self._log.append(asked)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def letters_of(log: Log) -> tuple[QuarantineReader, list[Letter]]:
    reader = QuarantineReader(log)
    reader.read_on()
    return reader, list(reader.dead_letters.letters.values())


def redrive(log: Any, *, holds: int = 60_000) -> list[Outcome]:
    reader, letters = letters_of(log)
    return list(Redrive(log, reader, by="ada", holds=holds).redrive([propose(one, reader.whole(one), force=True) for one in letters]))


def all_of(log: Log, topic: str) -> list[Record]:
    return [
        record
        for partition in range(log.partitions(topic))
        for record in records(log, topic, partition, 0, log.end(topic, partition), at_once=2)
    ]


def test_each_letter_is_sent_once_as_it_was(log: Log) -> None:
    log.append([letter.to_record() for letter in LETTERS])
    outcomes = redrive(log)
    assert all(outcome.done for outcome in outcomes)
    sent = {dict(record.headers)[REDRIVEN].decode(): record for record in all_of(log, EMAIL)}
    assert len(sent) == len(LETTERS)
    for letter in LETTERS:
        record = sent[letter.identity]
        assert (record.key, record.value, record.headers[:-1]) == (letter.key, letter.value, letter.headers)
    assert {outcome.told for outcome in outcomes} == {f"redriven to {EMAIL}/{one.partition}/{one.offset}" for one in sent.values()}

    assert [outcome.done for outcome in redrive(log)] == [False] * len(LETTERS)
    assert len(all_of(log, EMAIL)) == len(LETTERS)


@pytest.mark.parametrize(("kind", "sent_before"), [(b"redriven", True), (b"redriving", False)])
def test_after_a_crash_what_was_sent_is_not_sent_again_and_what_was_not_is(log: Log, kind: bytes, sent_before: bool) -> None:
    log.append([letter.to_record() for letter in LETTERS])
    with pytest.raises(LogError, match="died"):
        redrive(Dying(log, kind), holds=1 if kind == b"redriving" else 2_000)
    assert len(all_of(log, EMAIL)) == len(LETTERS) * sent_before
    if sent_before:
        waiting = redrive(log)
        assert {(outcome.done, outcome.told.partition(" since ")[0]) for outcome in waiting} == {(False, "is in the hands of ada")}
        _let_time_pass(log)
    outcomes = redrive(log)
    assert {(outcome.done, outcome.told.partition(" to ")[0]) for outcome in outcomes} == {
        (True, "had been sent already," if sent_before else "redriven")
    }
    assert len(all_of(log, EMAIL)) == len(LETTERS)
    assert {letter.state for letter in letters_of(log)[1]} == {"redriven"}


def _let_time_pass(log: Log) -> None:
    """Until the log's own stamps are beyond the time of who holds the letters."""
    until = max(letter.holder.at + letter.holder.holds for letter in letters_of(log)[1] if letter.holder)
    stamp = 0
    while stamp < until:
        log.append([NewRecord(QUARANTINE, None, b"nothing of ours")])
        stamp = max(record.timestamp for record in all_of(log, QUARANTINE))
        sleep(0.1)
