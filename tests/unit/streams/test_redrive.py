"""Redriving and evicting: what is written, what is refused, and what the outcome says."""

import json
from functools import partial
from typing import Any

import pytest

from events.log.port import LogError
from events.log.record import NewRecord
from events.quarantine.dead_letter import DeadLetter
from events.quarantine.dead_letters import Letter
from events.quarantine.reader import QuarantineReader
from events.refusal import Refusal
from events.topics import CONTACT, EMAIL
from streams.proposal import Proposal, propose
from streams.redrive import Outcome, Redrive, redriven_from, superseded
from tests.unit.streams.stamping_log import StampingLog

NOW = 1_800_000_000_000
HOLDS = 60_000


def event(type_: str = "email.opened", **data: Any) -> bytes:
    data = {"contact_id": "c-1"} | ({"message_id": "m-1"} if type_.startswith("email") else {}) | data
    return json.dumps(
        {"specversion": "1.0", "id": "o-1", "source": "mailer", "type": type_, "time": "2026-03-02T10:00:00Z", "data": data}
    ).encode()


def dead(value: bytes | None, topic: str = EMAIL, offset: int = 0, key: bytes | None = b"default/c-1", **more: Any) -> DeadLetter:
    return DeadLetter(topic, 0, offset, 0, key, value, more.pop("headers", ()), more.pop("reason", "failed"), "it broke", **more)


class Desk:
    """One operator before a log with letters in it."""

    def __init__(self, log: StampingLog, by: str = "ada") -> None:
        self.log = log
        self.reader = QuarantineReader(log)
        self.reader.read_on()
        self.redrive = Redrive(log, self.reader, by=by, holds=HOLDS, clock=lambda: log.now / 1000)

    @property
    def letters(self) -> list[Letter]:
        return list(self.reader.dead_letters.letters.values())

    def proposals(self, **options: Any) -> list[Proposal]:
        return [propose(letter, self.reader.whole(letter), clock=lambda: NOW, **options) for letter in self.letters]

    def send(self, **options: Any) -> list[Outcome]:
        return list(self.redrive.redrive(self.proposals(**options)))

    def evict(self) -> list[Outcome]:
        return list(self.redrive.evict([(letter, b"default/c-1") for letter in self.letters], "useless"))


def log_with(*letters: DeadLetter) -> StampingLog:
    log = StampingLog()
    log.append([letter.to_record() for letter in letters])
    return log


def there(log: StampingLog, topic: str = EMAIL) -> list[NewRecord]:
    return [NewRecord(topic, record.key, record.value, record.headers) for record in log.records[topic, 0]]


def told(outcomes: list[Outcome]) -> list[tuple[bool, str]]:
    return [(outcome.done, outcome.told) for outcome in outcomes]


def test_the_original_goes_back_where_it_came_from_with_a_header_that_names_its_letter() -> None:
    log = log_with(dead(event(), headers=(("trace", b"abc"),)))
    assert told(Desk(log).send()) == [(True, "redriven to email-events/0/0")]
    assert there(log) == [NewRecord(EMAIL, b"default/c-1", event(), (("trace", b"abc"), ("tally-redriven", b"email-events/0/0")))]


def test_it_is_sent_once_and_the_second_one_is_told_by_whom() -> None:
    log = log_with(dead(event()))
    late = Desk(log, "bob")
    Desk(log).send()
    expected = [(False, "was redriven to email-events/0/0 by ada at 1970-01-01T00:00:00Z")]
    assert told(late.send()) == told(Desk(log).send()) == told(Desk(log).evict()) == expected
    assert len(there(log)) == 1


def test_evicted_is_never_redriven() -> None:
    log = log_with(dead(event()))
    assert told(Desk(log).evict()) == [(True, "evicted")]
    expected = [(False, "was evicted by ada at 1970-01-01T00:00:00Z: useless")]
    assert told(Desk(log, "bob").send()) == told(Desk(log, "bob").evict()) == expected
    assert there(log) == []


def test_a_letter_in_other_hands_is_left_alone_until_their_time_is_over() -> None:
    log = log_with(dead(event()))
    crashed = Desk(log)
    crashed.redrive._hold(crashed.proposals(), "1")
    expected = [(False, "is in the hands of ada since 1970-01-01T00:00:00Z, until 1970-01-01T00:01:00Z at most")]
    assert told(Desk(log, "bob").send()) == told(Desk(log, "bob").evict()) == expected
    log.now += HOLDS
    assert told(Desk(log, "bob").send()) == [(True, "redriven to email-events/0/0")]


@pytest.mark.parametrize("evict", [False, True])
def test_what_was_sent_before_a_crash_is_found_and_not_sent_again(evict: bool) -> None:
    log = log_with(dead(event()))
    log.append([NewRecord(EMAIL, b"default/c-1", b"something before")])
    crashed = Desk(log)
    (proposal,) = crashed.redrive._hold(crashed.proposals(), "1")
    log.append([NewRecord(EMAIL, b"default/c-1", b"something between"), *proposal.records])
    log.now += HOLDS
    bob = Desk(log, "bob")
    if evict:
        assert told(bob.evict()) == [(False, "was redriven to email-events/0/2 by bob at 1970-01-01T00:01:00Z")]
    else:
        assert told(bob.send()) == [(True, "had been sent already, to email-events/0/2; it is marked as redriven now")]
    assert [redriven_from(record.headers) for record in there(log)] == [None, None, "email-events/0/0"]
    assert Desk(log).letters[0].state == "redriven"


def test_who_was_kept_waiting_for_too_long_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_with(dead(event()))
    slow = Desk(log)
    found = slow.redrive._found

    def paused(*arguments: Any) -> Any:
        log.now += HOLDS
        Desk(log, "bob").send()
        return found(*arguments)

    monkeypatch.setattr(slow.redrive, "_found", paused)
    with pytest.raises(LogError, match="answers too slowly"):
        slow.send()
    assert len(there(log)) == 1


def test_a_record_that_fails_again_is_a_new_letter() -> None:
    log = log_with(dead(event()))
    Desk(log).send()
    (again,) = there(log)
    log.append([dead(again.value, headers=again.headers, offset=8).to_record()])
    assert [letter.state for letter in Desk(log).letters] == ["redriven", "open"]
    Desk(log).send()
    assert [redriven_from(record.headers) for record in there(log)] == ["email-events/0/0", "email-events/0/8"]


def test_what_would_be_refused_again_is_refused_unless_forced() -> None:
    log = log_with(dead(b"Dear Ada,", reason="not_json"))
    with pytest.raises(Refusal, match="not JSON"):
        Desk(log).send()
    assert there(log) == []
    Desk(log).send(force=True)
    assert there(log) == [NewRecord(EMAIL, b"default/c-1", b"Dear Ada,", (("tally-redriven", b"email-events/0/0"),))]


@pytest.mark.parametrize(
    ("letter", "reason"),
    [(dead(event(), topic=CONTACT), "wrong_topic"), (dead(event(), key=b"c-1"), "wrong_key"), (dead(None), "no value")],
)
def test_topic_and_key_are_judged_too(letter: DeadLetter, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        Desk(log_with(letter)).send()


def test_a_corrected_event_goes_where_it_belongs() -> None:
    log = log_with(dead(b"Dear Ada,", topic=CONTACT, key=b"nobody", headers=(("ce_type", b"x"),)))
    assert told(Desk(log).send(corrected=event(contact_id="c-2"))) == [(True, "redriven to email-events/0/0")]
    assert there(log) == [NewRecord(EMAIL, b"default/c-2", event(contact_id="c-2"), (("tally-redriven", b"contact-events/0/0"),))]
    assert Desk(log).letters[0].state == "redriven"


def test_an_erasure_is_followed_by_its_tombstone() -> None:
    log = log_with(dead(event("contact.erased"), topic=CONTACT), dead(event("contact.erased"), topic=CONTACT, offset=1))
    assert [outcome.done for outcome in Desk(log).send()] == [True, True]
    assert [record.value is None for record in there(log, CONTACT)] == [False, True, False, True]


def test_a_profile_that_a_later_record_has_replaced_is_noticed() -> None:
    log = StampingLog()
    updated = event("contact.updated", name="Ada")
    log.append([NewRecord(CONTACT, key, updated) for key in (b"default/c-1", b"default/c-2", b"default/c-1", b"default/c-3")])
    log.append(
        [
            dead(updated, topic=CONTACT, offset=offset, key=f"default/c-{contact}".encode()).to_record()
            for offset, contact in enumerate((1, 2, 1))
        ]
    )
    log.append([dead(event(), offset=9).to_record(), dead(b"x", offset=10, topic=EMAIL).to_record()])
    desk = Desk(log)
    pairs = [(letter, desk.reader.whole(letter)) for letter in desk.letters]
    asked = [(letter, NewRecord(whole.topic, whole.key, whole.value)) for letter, whole in pairs]
    asked[4] = (asked[4][0], NewRecord(CONTACT, b"default/c-3", updated))
    assert superseded(log, asked) == {"contact-events/0/0", "email-events/0/10"}


def test_its_own_record_does_not_supersede_a_letter() -> None:
    updated = event("contact.updated", name="Ada")
    log = log_with(dead(updated, topic=CONTACT))
    log.append([NewRecord(CONTACT, b"default/c-1", updated)])  # the letter's own place
    Desk(log).send()
    assert superseded(log, [(letter, NewRecord(CONTACT, b"default/c-1", updated)) for letter in Desk(log).letters]) == set()


def test_many_letters_are_sent_in_their_order() -> None:
    log = log_with(*(dead(event(), offset=offset) for offset in range(250)))
    assert all(outcome.done for outcome in Desk(log).send())
    assert [redriven_from(record.headers) for record in there(log)] == [f"email-events/0/{offset}" for offset in range(250)]


def test_reading_begins_where_it_is_told_to_and_says_so() -> None:
    log = log_with(*(dead(event(), offset=offset) for offset in range(10)))
    for newest, found, whole in ((4, 2, False), (100, 10, True), (None, 10, True)):  # the log has two partitions, one of them empty
        reader = QuarantineReader(log, newest=newest)
        told: list[tuple[int, int]] = []
        reader.read_on(partial(_note, told))
        assert (len(reader.dead_letters.letters), reader.is_whole) == (found, whole)
        assert told == [(found, found)]


def _note(told: list[tuple[int, int]], read: int, total: int) -> None:
    told.append((read, total))


def test_a_letter_that_the_log_has_lost_is_an_error_that_names_its_place() -> None:
    log = log_with(dead(event()))
    desk = Desk(log)
    log.records.clear()
    with pytest.raises(LogError, match="quarantine/0/0 is not in the log"):
        desk.send()
