"""What became of a dead letter, from letters and marks in any order."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.log.record import NewRecord, Record
from events.quarantine.dead_letter import DeadLetter
from events.quarantine.dead_letters import DeadLetters, Kind, Mark, Place, account_of, by_reason
from events.topics import QUARANTINE

LETTER = DeadLetter(
    topic="email-events",
    partition=3,
    offset=41,
    timestamp=1_772_000_000_000,
    key=b"acme/c-1",
    value=b'{"account": "acme"}',
    headers=(("trace", b"abc"), ("tally-id", b"of somebody else"), ("tally-mark", b"evicted")),
    reason="not_an_event",
    detail="type: is missing",
    traceback="a line",
)
ID = LETTER.identity
DAY = 86_400_000


def taken(*written: NewRecord, at: Sequence[int] = ()) -> DeadLetters:
    found = DeadLetters()
    for offset, record in enumerate(written):
        stamp = at[offset] if at else offset
        found.take(Record(QUARANTINE, 3, offset, stamp, record.key, record.value, record.headers))
    return found


def mark(kind: Kind, attempt: str = "1", **more: Any) -> NewRecord:
    return Mark(ID, kind, "ada", attempt, **({"holds": DAY} if kind == "redriving" else {}) | more).to_record(LETTER.key)


def state(*marks: NewRecord, at: Sequence[int] = ()) -> tuple[str, str | None]:
    """(state, the attempt whose mark decided, or who holds it)."""
    letter = taken(LETTER.to_record(), *marks, at=(0, *at) if at else ()).letters[ID]
    decided = letter.outcome or letter.holder
    assert letter.marks[-1:] == [] or len(letter.marks) == len(marks)
    return letter.state, None if decided is None else decided.attempt


def test_a_letter_is_read_as_it_was_written() -> None:
    record = Record(QUARANTINE, 0, 7, 5, *LETTER.to_record()[1:])
    assert DeadLetter.read(record) == LETTER
    letter = taken(LETTER.to_record()).letters[ID]
    assert (letter.id, letter.reason, letter.detail, letter.at) == (ID, "not_an_event", "type: is missing", 1_772_000_000_000)
    assert (letter.origin, letter.place) == (Place("email-events", 3, 41), Place(QUARANTINE, 3, 0))
    assert (letter.account, letter.state) == ("acme", "open")


def test_headers_that_look_like_ours_do_not_make_a_mark_of_a_letter() -> None:
    assert taken(LETTER.to_record()).by_state() == {"open": 1, "redriven": 0, "evicted": 0}


def test_a_mark_is_read_as_it_was_written() -> None:
    written = Mark(ID, "redriving", "ada", "1", holds=5, to=Place("email-events", 3, 9), text="why not")
    assert taken(LETTER.to_record(), written.to_record(LETTER.key)).letters[ID].marks == [written._replace(at=1)]


def test_a_repetition_is_the_same_letter_and_changes_nothing() -> None:
    found = taken(LETTER.to_record(), mark("evicted"), LETTER.to_record())
    assert found.by_state() == {"open": 0, "redriven": 0, "evicted": 1}
    assert by_reason(found.letters.values()) == {"not_an_event": 1}


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ((), ("open", None)),
        ((mark("redriving"),), ("open", "1")),
        ((mark("redriving"), mark("redriven")), ("redriven", "1")),
        ((mark("evicted"),), ("evicted", "1")),
        ((mark("redriving"), mark("redriving", "2")), ("open", "1")),
        ((mark("redriving"), mark("evicted", "2")), ("open", "1")),
        ((mark("redriving"), mark("evicted")), ("evicted", "1")),
        ((mark("evicted"), mark("redriving", "2")), ("evicted", "1")),
        ((mark("redriving"), mark("redriven"), mark("redriven", "2")), ("redriven", "1")),
        ((mark("evicted"), mark("redriven", "2")), ("redriven", "2")),
        ((mark("redriven"), mark("evicted", "2")), ("redriven", "1")),
    ],
)
def test_the_first_to_hold_it_decides_and_what_is_in_the_log_stays_there(marks: tuple[NewRecord, ...], expected: tuple[str, str]) -> None:
    assert state(*marks) == expected


def test_a_letter_is_free_again_when_its_time_is_over() -> None:
    assert state(mark("redriving"), mark("redriving", "2"), at=(10, 10 + DAY - 1)) == ("open", "1")
    assert state(mark("redriving"), mark("redriving", "2"), at=(10, 10 + DAY)) == ("open", "2")
    assert state(mark("redriving"), mark("evicted", "2"), at=(10, 10 + DAY)) == ("evicted", "2")
    assert state(mark("redriving"), mark("redriving", "2"), mark("evicted"), at=(10, 10 + DAY, 11 + DAY)) == ("open", "2")


def test_records_of_others_are_passed_over() -> None:
    damaged = [(name, b"x" if name == "tally-offset" else content) for name, content in LETTER.to_record().headers]
    foreign = [
        NewRecord(QUARANTINE, None, b"hello"),
        NewRecord(QUARANTINE, None, None, (("tally-id", b"x"),)),
        NewRecord(QUARANTINE, None, None, tuple(damaged)),
        mark("redriven"),
        LETTER.to_record(),
        NewRecord(QUARANTINE, LETTER.key, None, (("tally-id", ID.encode()), ("tally-mark", b"painted"))),
        NewRecord(QUARANTINE, LETTER.key, None, (("tally-id", ID.encode()), ("tally-mark", b"evicted"))),
    ]
    assert taken(*foreign).by_state() == {"open": 1, "redriven": 0, "evicted": 0}


@pytest.mark.parametrize(
    ("changed", "account"),
    [
        ({}, "acme"),
        ({"headers": (("ce_account", b"north"),)}, "north"),
        ({"value": b'{"account": "south"}'}, "south"),
        ({"value": b'{"account": "not one"}'}, "acme"),
        ({"value": b'{"account": 7}'}, "acme"),
        ({"value": b"[]"}, "acme"),
        ({"value": b"\xff"}, "acme"),
        ({"value": None}, "acme"),
        ({"value": b" " * 70_000}, "acme"),
        ({"value": None, "key": None}, None),
        ({"value": None, "key": b"\xff/x"}, None),
        ({"value": None, "key": b"acme"}, "acme"),
        ({"value": b"x", "headers": (("ce_account", b"\xff"),)}, "acme"),
    ],
)
def test_the_account_is_told_by_headers_value_or_key(changed: dict[str, Any], account: str | None) -> None:
    assert account_of(LETTER._replace(headers=())._replace(**changed)) == account


@given(st.lists(st.tuples(st.sampled_from(["redriving", "redriven", "evicted"]), st.sampled_from("123"), st.integers(0, 2)), max_size=8))
def test_in_any_interleaving_one_mark_decides_and_stays(steps: list[tuple[Kind, str, int]]) -> None:
    """What is redriven stays so; what is evicted is undone by nothing but a record that is in the log all the same."""
    at, stamps, marks = 0, [], []
    before = "open"
    for kind, attempt, days in steps:
        at += days * DAY // 2
        stamps.append(at)
        marks.append(mark(kind, attempt))
        after, decided = state(*marks, at=stamps)
        assert (before, after) not in {("redriven", "open"), ("redriven", "evicted"), ("evicted", "open")}
        assert kind != "redriven" or after == "redriven"
        assert decided in {one for _, one, _ in steps}
        before = after
