"""No dead letter is sent twice and none is lost: whoever crashes, wherever, and however many are at it."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.log.port import LogError
from events.log.record import Appended, NewRecord
from events.quarantine.dead_letter import DeadLetter
from events.quarantine.dead_letters import DeadLetters
from events.quarantine.reader import QuarantineReader
from events.topics import EMAIL, QUARANTINE
from streams.proposal import propose
from streams.redrive import Outcome, Redrive, redriven_from
from tests.unit.streams.stamping_log import StampingLog

HOLDS = 60_000
OPENED = {
    "specversion": "1.0",
    "id": "o-1",
    "source": "mailer",
    "type": "email.opened",
    "time": "2026-03-02T10:00:00Z",
    "data": {"contact_id": "c-1", "message_id": "m-1"},
}


PLANS = st.dictionaries(st.integers(1, 16), st.sampled_from(["crash", "crash", "pause", "operator", "operator"]), max_size=3)
"""At which of an operator's moments something happens, and what."""
PAUSES = st.sampled_from([0, 1, HOLDS // 2, HOLDS, 3 * HOLDS])
EVICT = st.sampled_from([False, False, True])


class Crash(Exception):
    """The process dies."""


class Seen:
    """The log as one operator sees it: before each of their calls, and half-way through a write, something else may happen."""

    def __init__(self, log: StampingLog, happen: Callable[[str], None]) -> None:
        self._log = log
        self._happen = happen

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._log, name)

        def call(*arguments: Any) -> Any:
            if name == "append":
                return self._append(*arguments)
            if name == "ends":  # each reading begins with it
                self._happen(name)
            return asked(*arguments)

        return call

    def _append(self, records: Sequence[NewRecord]) -> list[Appended]:
        sends = any(record.topic != QUARANTINE for record in records)
        self._happen("send" if sends else "mark")
        places = []
        for record in records:
            places += self._log.append([record])
            self._happen("stored")
        return places


def letters(count: int) -> list[DeadLetter]:
    value = json.dumps(OPENED).encode()
    return [DeadLetter(EMAIL, 0, offset, 0, b"default/c-1", value, (), "failed", "it broke") for offset in range(count)]


def operate(log: StampingLog, happen: Callable[[str], None], *, evict: bool) -> list[Outcome]:
    seen: Any = Seen(log, happen)
    reader = QuarantineReader(seen)
    reader.read_on()
    redrive = Redrive(seen, reader, by="ada", holds=HOLDS, clock=lambda: log.now / 1000)
    chosen = list(reader.dead_letters.letters.values())
    if evict:
        return list(redrive.evict([(letter, b"default/c-1") for letter in chosen], "useless"))
    return list(redrive.redrive([propose(letter, reader.whole(letter), clock=lambda: 1_800_000_000_000) for letter in chosen]))


def ever_evicted(log: StampingLog) -> set[str]:
    """The letters that were evicted at any time."""
    known, found = DeadLetters(), set()
    for record in log.records[QUARANTINE, 0]:
        known.take(record)
        found |= {letter.id for letter in known.letters.values() if letter.state == "evicted"}
    return found


def sent(log: StampingLog) -> list[str | None]:
    return [redriven_from(record.headers) for record in log.records[EMAIL, 0]]


@given(st.data())
def test_at_most_once_with_crashes_everywhere_and_several_operators(data: st.DataObject) -> None:
    log = StampingLog()
    dead = letters(data.draw(st.integers(1, 2)))
    log.append([letter.to_record() for letter in dead])
    depth = 0

    def somebody() -> None:
        """An operator who is disturbed up to three times: by a crash, by time that passes, by another one who comes and goes meanwhile."""
        nonlocal depth
        plan = data.draw(PLANS)
        moment = 0

        def happen(what: str) -> None:
            nonlocal moment
            moment += 1
            disturbance = plan.get(moment, "nothing")
            if disturbance == "crash":
                raise Crash
            if disturbance == "operator" and depth < 3:
                somebody()
            elif disturbance == "pause":
                # Anywhere but in a write, which has come to an end within a part of the time that a letter is held.
                log.now += HOLDS // 8 if what in ("send", "stored") else data.draw(PAUSES)

        depth += 1
        with suppress(Crash, LogError):
            operate(log, happen, evict=data.draw(EVICT))
        depth -= 1

    for _ in range(data.draw(st.integers(1, 3))):
        somebody()
        log.now += data.draw(PAUSES)
        assert_once(log)

    # Nothing is lost: an undisturbed operator who comes when everybody's time is over brings all to an end.
    log.now += 2 * HOLDS
    operate(log, lambda _: None, evict=False)
    assert_once(log)
    assert ever_evicted(log) | set(sent(log)) == {letter.identity for letter in dead}
    end = QuarantineReader(log)
    end.read_on()
    assert end.dead_letters.by_state() == {"open": 0, "redriven": len(sent(log)), "evicted": len(ever_evicted(log))}

    before = list(log.records[EMAIL, 0])
    assert [outcome.done for outcome in operate(log, lambda _: None, evict=False)] == [False] * len(dead)
    assert log.records[EMAIL, 0] == before


def assert_once(log: StampingLog) -> None:
    assert len(sent(log)) == len(set(sent(log)))
    assert not ever_evicted(log) & set(sent(log))
