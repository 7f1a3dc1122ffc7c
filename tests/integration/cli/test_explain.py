"""From a number back to the records of the log, by the command line alone."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from events.log.sqlite import SqliteLog
from projections.reports.rates import RATES
from projections.tables.embedded_redis import EmbeddedRedis
from tests.integration.cli.conftest import Tally


@pytest.fixture(autouse=True)
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Joined for the whole test, so that not every command has to start it anew."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server:
        yield server


def event(type_: str, hour: int, contact: str = "c-1", **data: Any) -> str:
    attributes = {"specversion": "1.0", "id": f"{type_}-{hour}-{contact}", "source": "mailer", "type": type_}
    run = {"contact_id": contact, "sequence_id": "s-1", "enrollment_id": "e-1"}
    return json.dumps({**attributes, "time": f"2026-03-02T{hour:02d}:00:00Z", "data": run | data})


EVENTS = [
    event("enrollment.started", 8, team_id="t-1"),
    event("email.sent", 9, message_id="m-1", step_id="st-1"),
    event("email.delivered", 9, message_id="m-1"),
    event("email.opened", 10, message_id="m-1", machine=True),
    event("email.replied", 11, message_id="m-1"),
    event("enrollment.started", 8, "c-2"),
    event("enrollment.finished", 12, "c-2"),
]


def told(answer: subprocess.CompletedProcess[str]) -> Any:
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_a_rate_and_an_enrollment_are_explained(tally: Tally, tmp_path: Path) -> None:
    assert tally("publish", "-", stdin="\n".join(EVENTS)).returncode == 0
    assert tally("worker", "--drain").returncode == 0

    found = told(tally("explain", "performance", "--sequence", "s-1", "--metric", "reply", "--json"))
    assert found["rate"] == told(tally("report", "performance", "s-1", "--format", "json"))["rates"]["reply"]
    assert found["rule"] == "7. at least one reply while enrolled, or ended with reason replied"
    assert [(one["contact_id"], one["counts"]) for one in found["contacts"]] == [("c-1", True), ("c-2", False)]
    ((cause,),) = [one["causes"] for one in found["contacts"][0]["enrollments"]]
    (named,) = cause["events"]
    with SqliteLog(tmp_path / ".tally" / "log.db") as log:
        (record,) = log.read(named["topic"], named["partition"], named["offset"], 1)
    assert json.loads(record.value or b"")["id"] == named["id"] == "email.replied-11-c-1"

    messages = told(tally("explain", "analyze", "--metric", "open", "--basis", "messages", "--opens", "all", "--json"))
    (message,) = messages["contacts"][0]["enrollments"][0]["messages"]
    assert (message["message_id"], message["counts"], [one["type"] for one in message["events"]]) == (
        "m-1",
        True,
        ["email.delivered", "email.opened"],
    )
    shown = tally("explain", "analyze", "--metric", "no_response", "--limit", "1", "--timezone", "Asia/Tokyo")
    assert shown.returncode == 0
    assert "enrollment.finished" in shown.stdout
    assert "1 contacts more" in shown.stdout
    assert told(tally("explain", "analyze", "--metric", "reply", "--team", "t-2", "--json"))["contacts"] == []

    several = tally("explain", "enrollment", "e-1")
    assert (several.returncode, several.stdout) == (1, "")
    assert several.stderr == (
        "tally: 2 enrollments have the id 'e-1': contact 'c-1' in sequence 's-1', contact 'c-2' in sequence 's-1'; name one by --contact\n"
    )
    story = told(tally("explain", "enrollment", "e-1", "--contact", "c-1", "--json"))
    assert [(one["event"]["type"], one["note"]) for one in story["events"]][3:] == [
        ("email.opened", "by a machine"),
        ("email.replied", None),
    ]
    drawn = tally("explain", "enrollment", "e-1", "--contact", "c-1").stdout
    assert "email.opened" in drawn
    assert "email-events/" in drawn

    for call in (
        ["enrollment", "e-9"],
        ["enrollment", "e-1", "--contact", "c-9"],
        ["performance", "--sequence", "s-9", "--metric", "open"],
    ):
        missing = tally("explain", *call)
        assert (missing.returncode, missing.stdout) == (1, "")
        assert "no event has named the" in missing.stderr


def test_every_rate_can_be_explained_of_nothing(tally: Tally) -> None:
    assert told(tally("explain", "analyze", "--metric", RATES[0], "--json"))["contacts"] == []
