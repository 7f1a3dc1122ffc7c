"""From a file of events to the rates, by the command line alone."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.demo.company import Company
from projections.tables.embedded_redis import EmbeddedRedis
from tests.integration.cli.conftest import Tally

UNTIL = 1_790_000_000_000
CONTACTS = 150


@pytest.fixture(autouse=True)
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Joined for the whole test, so that not every command has to start it anew."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server:
        yield server


@pytest.fixture
def history(tmp_path: Path) -> list[dict[str, Any]]:
    events = list(Company(5, CONTACTS, until=UNTIL).history())
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return events


def test_publish_then_drain_then_report(tally: Tally, history: list[dict[str, Any]]) -> None:
    published = tally("publish", "events.jsonl")
    assert (published.returncode, published.stdout, published.stderr) == (0, f"accepted {len(history)}, refused 0\n", "")

    drained = tally("worker", "--drain")
    assert drained.returncode == 0, drained.stderr

    started = [event["data"] for event in history if event["type"] in {"enrollment.started", "email.sent", "step.executed"}]
    answer = tally("report", "analyze", "--format", "json")
    assert (answer.returncode, answer.stderr) == (0, "")
    found = json.loads(answer.stdout)
    assert found["enrollments"]["started"] == len({data["enrollment_id"] for data in started})
    assert found["enrollments"]["contacts"] == len({data["contact_id"] for data in started})
    assert found["totals"]["sent"] == len({event["data"]["message_id"] for event in history if event["type"] == "email.sent"})
    assert found["as_of"]["applied"] == len(history)
    assert found["as_of"]["lag"] == 0
    assert sum(found["outcomes"].values()) == found["enrollments"]["started"]

    status = json.loads(tally("status", "--json").stdout)
    records = len(history) + sum(event["type"] == "contact.erased" for event in history)  # each is followed by a tombstone
    assert (status["applied"], status["end"], status["lag"], status["lag_seconds"]) == (records, records, 0, 0)
    assert status["generation"] == 1
    assert status["quarantined"] == {}
    assert "last commit" in tally("status", "--timezone", "Asia/Kathmandu").stdout

    table = tally("report", "sequences").stdout
    assert "Spring outreach" in table
    assert "Trade fair follow-up (archived)" in table
    assert "UTC" in table
    assert "JST" in tally("report", "sequences", "--timezone", "Asia/Tokyo").stdout

    rows = list(csv.DictReader(io.StringIO(tally("report", "sequences", "--format", "csv").stdout)))
    listed = json.loads(tally("report", "sequences", "--format", "json").stdout)["sequences"]
    assert [row["sequence_id"] for row in rows] == [one["sequence_id"] for one in listed]
    assert [float(row["rates.open.value"]) for row in rows] == [one["rates"]["open"]["value"] for one in listed]

    by_team = [
        json.loads(tally("report", "analyze", "--format", "json", *(part for team in teams for part in ("--team", team))).stdout)[
            "enrollments"
        ]
        for teams in (["team-north"], ["team-south"], ["team-north", "team-south"])
    ]
    assert by_team[0]["started"] > 0
    assert by_team[0]["started"] + by_team[1]["started"] == by_team[2]["started"]

    missing = tally("report", "performance", "no-such-sequence")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.count("\n") == 1
    assert "no-such-sequence" in missing.stderr

    again = tally("publish", "-", stdin=json.dumps(history[0]))
    assert again.stdout == "accepted 1, refused 0\n"
    behind = json.loads(tally("status", "--json").stdout)
    assert behind["lag"] == 1
    assert behind["lag_seconds"] > 0
    assert tally("worker", "--drain").returncode == 0
    assert json.loads(tally("report", "analyze", "--format", "json").stdout)["enrollments"] == found["enrollments"]


def test_reports_of_nothing_are_zeros(tally: Tally) -> None:
    found = json.loads(tally("report", "analyze", "--format", "json").stdout)
    assert found["enrollments"]["started"] == 0
    assert found["rates"]["open"] == {"numerator": 0, "denominator": 0, "basis": "contacts", "value": None}
    for name in ("analyze", "sequences"):
        for form in ("table", "csv"):
            outcome = tally("report", name, "--format", form)
            assert (outcome.returncode, outcome.stderr) == (0, "")
    assert tally("status").returncode == 0
