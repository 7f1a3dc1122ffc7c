"""Choosing dead letters, showing them, and wrong calls; up to the log."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.quarantine.dead_letter import DeadLetter
from events.topics import CONTACT, EMAIL
from tests.unit.cli.conftest import Tally

DAY = 86_400_000
NOON = 1_772_452_800_000  # 2026-03-02T12:00:00Z
LETTERS = [
    DeadLetter(EMAIL, 0, 7, NOON, b"acme/c-1", b"Dear Ada,", (), "not_json", "not JSON"),
    DeadLetter(EMAIL, 1, 8, NOON + DAY, b"north/c-1", b"\xff\x00", (("trace", b"\xfe"), ("x", b"y")), "not_json", "no \x1b[2J text"),
    DeadLetter(CONTACT, 2, 9, NOON - DAY, None, None, (("tally-redriven", b"email-events/0/1"),), "failed", "it broke", "Traceback\n  x"),
]


@pytest.fixture(autouse=True)
def log(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / ".tally" / "log.db") as log:
        log.append([letter.to_record() for letter in [*LETTERS, LETTERS[0]]])


def ids(outcome: Any) -> list[str]:
    assert (outcome.code, outcome.err) == (0, "")
    return [letter["id"] for letter in json.loads(outcome.out)["letters"]]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], [1, 0, 2]),
        (["--reason", "not_json"], [1, 0]),
        (["--topic", "contact-events"], [2]),
        (["--account", "acme"], [0]),
        (["--account", "north", "--reason", "failed"], []),
        (["--since", "2026-03-02"], [1, 0]),
        (["--until", "2026-03-02"], [0, 2]),
        (["--since", "2026-03-02T12:00:00Z", "--until", "2026-03-03T12:00:00Z"], [0]),
        (["--since", "2026-03-03", "--timezone", "Pacific/Auckland"], [1, 0]),
        (["--limit", "1"], [1]),
        (["--state", "evicted"], []),
    ],
)
def test_filters_choose_and_the_newest_come_first(tally: Tally, options: list[str], found: list[int]) -> None:
    assert ids(tally("quarantine", "list", "--json", *options)) == [LETTERS[number].identity for number in found]


def test_the_account_of_the_reports_narrows_nothing_down(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_ACCOUNT", "acme")
    assert len(ids(tally("quarantine", "list", "--json"))) == 3


def test_the_table_counts_what_the_limit_hides_and_speaks_no_control_characters(tally: Tally) -> None:
    outcome = tally("quarantine", "list", "--limit", "2")
    assert "the newest 2 of 3 open: failed 1, not_json 2" in outcome.out
    assert "email-events/1/8" in outcome.out
    assert "\x1b" not in outcome.out


def test_show_has_everything(tally: Tally) -> None:
    found = json.loads(tally("quarantine", "show", LETTERS[1].identity, "--json").out)
    assert (found["key"], found["value_hex"]) == ("north/c-1", "ff00")
    assert found["headers"] == [{"name": "trace", "value_hex": "fe"}, {"name": "x", "value": "y"}]
    found = json.loads(tally("quarantine", "show", LETTERS[2].identity, "--json").out)
    assert (found["key"], found["value"], found["traceback"]) == (None, None, "Traceback\n  x")
    assert found["redriven_from"] == "email-events/0/1"
    for letter in LETTERS:
        outcome = tally("quarantine", "show", letter.identity)
        assert outcome.code == 0
        assert "\x1b" not in outcome.out
        assert letter.reason in outcome.out


def test_the_original_bytes_can_be_written_to_a_file_or_out(tally: Tally, tmp_path: Path) -> None:
    assert tally("quarantine", "show", LETTERS[1].identity, "--value", "bytes").code == 0
    assert (tmp_path / "bytes").read_bytes() == b"\xff\x00"
    assert tally("quarantine", "show", LETTERS[0].identity, "--value", "-").out == "Dear Ada,"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["list", "--reason", "bad"], "--reason: 'bad' is not allowed; choose one of too_large"),
        (["list", "--topic", "quarantine"], "--topic"),
        (["list", "--state", "closed"], "--state: 'closed' is not allowed; choose one of open, redriven, evicted, all"),
        (["list", "--since", "yesterday"], "--since: 'yesterday' is neither a day nor a time"),
        (["list", "--until", "2026-02-30"], "--until"),
        (["show", "7"], "ID: '7' is no dead letter; write TOPIC/PARTITION/OFFSET"),
        (["show", "email-events/0/7", "--json", "--value", "-"], "--value"),
        (["show", "email-events/0/7", "--value", "no/such/folder"], "--value: cannot write"),
        (["redrive"], "ID: is missing"),
        (["redrive", "email-events/0/7", "--reason", "failed"], "ID"),
        (["redrive", "--reason", "failed", "--file", "x"], "--file"),
        (["redrive", "email-events/0/7", "--file", "x", "--force"], "--file"),
        (["redrive", "email-events/0/7", "--file", "absent"], "--file: cannot read 'absent'"),
        (["redrive", "--reason", "not_json", "--force"], "--yes: is needed where nobody can be asked"),
        (["evict", "--reason", "failed", "--reason-text", " "], "--reason-text"),
        (["evict", "--reason", "failed", "--reason-text", "x"], "--yes"),
    ],
)
def test_a_wrong_call_names_the_parameter(tally: Tally, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    outcome = tally("quarantine", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].startswith(f"tally: {complaint}")


def test_a_letter_that_is_not_there_is_a_failure(tally: Tally) -> None:
    outcome = tally("quarantine", "show", "email-events/0/1")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "tally: there is no dead letter 'email-events/0/1'; tally quarantine list --state all shows which there are\n"


def test_nothing_that_passes_the_filters_is_nothing_to_do(tally: Tally) -> None:
    assert tally("quarantine", "redrive", "--reason", "wrong_key", "--yes") == (0, "0 of 0 dead letters redriven\n", "")
    assert tally("quarantine", "evict", "--reason", "wrong_key", "--reason-text", "x") == (0, "0 of 0 dead letters evicted\n", "")


def test_who_is_asked_may_say_no(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: question == "Evict 1 dead letters for good?")
    assert tally("quarantine", "evict", "--reason", "failed", "--reason-text", "old").code == 0
    assert tally("quarantine", "redrive", "--reason", "not_json", "--force").code == 130
    assert len(ids(tally("quarantine", "list", "--json"))) == 2


def test_a_profile_that_a_later_one_has_replaced_is_not_sent(tally: Tally, tmp_path: Path) -> None:
    updated = json.dumps(
        {
            "specversion": "1.0",
            "id": "p-1",
            "source": "crm",
            "type": "contact.updated",
            "time": "2026-03-02T10:00:00Z",
            "data": {"contact_id": "c-1", "name": "Ada"},
        }
    ).encode()
    original = NewRecord(CONTACT, b"default/c-1", updated)
    with SqliteLog(tmp_path / ".tally" / "log.db") as log:
        (place, _) = log.append([original, original])
        letter = DeadLetter(CONTACT, *place, NOON, original.key, updated, (), "failed", "it broke")
        log.append([letter.to_record()])
    outcome = tally("quarantine", "redrive", letter.identity, "--yes")
    assert outcome.code == 1
    assert "a later record of this contact is in the log" in outcome.err
    assert tally("quarantine", "redrive", letter.identity, "--yes", "--force").code == 0
