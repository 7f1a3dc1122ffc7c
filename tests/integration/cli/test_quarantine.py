"""From a record that nobody can use to the number that it counts in, by the command line alone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.topics import EMAIL, ENROLLMENT
from projections.tables.embedded_redis import EmbeddedRedis
from tests.integration.cli.conftest import Tally

RUN = {"contact_id": "c-1", "sequence_id": "s-1", "enrollment_id": "e-1"}
KEY = b"acme/c-1"


@pytest.fixture(autouse=True)
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Joined for the whole test, so that not every command has to start it anew."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server:
        yield server


def event(type_: str, number: int, **data: Any) -> bytes:
    attributes = {"specversion": "1.0", "id": f"id-{number}", "source": "mailer", "account": "acme", "type": type_}
    return json.dumps({**attributes, "time": f"2026-03-02T1{number}:00:00Z", "data": RUN | data}).encode()


def told(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_bad_record_is_corrected_and_counts_once(tally: Tally, tmp_path: Path) -> None:
    with SqliteLog(tmp_path / ".tally" / "log.db") as log:
        log.append(
            [
                NewRecord(ENROLLMENT, KEY, event("enrollment.started", 0)),
                NewRecord(EMAIL, KEY, event("email.sent", 1, message_id="m-1", step_id="st-1")),
            ]
        )
        ((partition, offset),) = log.append([NewRecord(EMAIL, KEY, event("email.opened", 2, message_id=7), (("trace", b"abc"),))])
        log.append([NewRecord(EMAIL, KEY, b"\xffDear \x1b[2JAda,")])
    assert tally("worker", "--drain").returncode == 0
    letter_id = f"{EMAIL}/{partition}/{offset}"

    listed = told(tally("quarantine", "list", "--json"))
    assert (listed["total"], listed["reasons"]) == (2, {"invalid_data": 1, "not_json": 1})
    assert [(one["id"], one["account"], one["state"]) for one in listed["letters"]][1] == (letter_id, "acme", "open")
    assert told(tally("quarantine", "list", "--json", "--reason", "not_json", "--account", "acme"))["total"] == 1
    assert told(tally("quarantine", "list", "--json", "--account", "other"))["total"] == 0
    shown = told(tally("quarantine", "show", letter_id, "--json"))
    assert (shown["key"], shown["headers"], shown["history"]) == ("acme/c-1", [{"name": "trace", "value": "abc"}], [])
    assert json.loads(shown["value"])["data"]["message_id"] == 7
    assert "\x1b" not in tally("quarantine", "show", listed["letters"][0]["id"]).stdout

    again = tally("quarantine", "redrive", letter_id, "--yes")
    assert again.returncode == 1
    assert again.stderr.startswith(f"{letter_id}: would be refused again: invalid_data: data.message_id")

    (tmp_path / "corrected.json").write_bytes(event("email.opened", 2, message_id="m-1"))
    unasked = tally("quarantine", "redrive", letter_id, "--file", "corrected.json")
    assert (unasked.returncode, unasked.stderr) == (2, "tally: --yes: is needed where nobody can be asked\n")
    assert tally("quarantine", "redrive", letter_id, "--file", "corrected.json", "--dry-run").stdout == "1 would be redriven, 0 not\n"
    done = tally("quarantine", "redrive", letter_id, "--file", "corrected.json", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{letter_id}: redriven to {EMAIL}/{partition}/{offset + 2}\n1 of 1 dead letters redriven\n"
    repeated = tally("quarantine", "redrive", letter_id, "--file", "corrected.json", "--yes")
    assert repeated.returncode == 1
    assert f"{letter_id}: was redriven to {EMAIL}/{partition}/{offset + 2} by " in repeated.stderr
    assert repeated.stderr.endswith("tally: 1 of 1 dead letters were not redriven; the lines above say why\n")

    evicted = tally("quarantine", "evict", "--reason", "not_json", "--reason-text", "no event at all", "--yes")
    assert (evicted.returncode, evicted.stderr) == (0, "")
    assert told(tally("quarantine", "list", "--json"))["total"] == 0
    assert told(tally("quarantine", "list", "--json", "--state", "all"))["total"] == 2
    assert "no event at all" in tally("quarantine", "show", listed["letters"][0]["id"]).stdout

    assert tally("worker", "--drain").returncode == 0
    assert told(tally("report", "analyze", "--format", "json", "--account", "acme"))["totals"]["opens"] == 1
    status = told(tally("status", "--json"))
    assert (status["lag"], status["quarantined"]) == (0, {"invalid_data": 1, "not_json": 1})
    assert status["dead_letters"] == {"open": 0, "redriven": 1, "evicted": 1, "open_reasons": {}, "whole": True}
    assert "redriven" in tally("status").stdout
