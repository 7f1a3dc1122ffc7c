"""Saving, showing and deleting dashboards from the command line, up to the log."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import dashboard
from events.log.record import Record
from events.log.sqlite import SqliteLog
from events.topics import DASHBOARD
from projections.tables.embedded_redis import EmbeddedRedis
from tests.unit.cli.conftest import Tally

STEPS = "steps sequence-id=s-1 team='team north' team=t-2 title='Step by step'"


@pytest.fixture(autouse=True)
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Joined for the whole test, so that not every command has to start it anew."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server:
        yield server


def records(path: Path) -> list[Record]:
    with SqliteLog(path / ".tally" / "log.db") as log:
        return [record for partition in range(log.partitions(DASHBOARD)) for record in log.read(DASHBOARD, partition, 0, 100)]


def test_a_save_publishes_the_whole_dashboard(tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "now", lambda: 1_790_000_000_000)
    outcome = tally("dashboard", "save", "d-1", "--name", "Sales", "--card", STEPS, "--card", "analyze", "--account", "acme")
    assert (outcome.code, outcome.err) == (0, "")
    assert "a worker makes it visible" in outcome.out
    (record,) = records(tmp_path)
    event = json.loads(record.value or b"")
    assert record.key == b"acme"
    assert (event["type"], event["source"], event["time"]) == ("dashboard.saved", "tally/dashboard", "2026-09-21T14:13:20Z")
    assert len(event["id"]) > 20
    assert event["data"] == {
        "dashboard_id": "d-1",
        "name": "Sales",
        "cards": [
            {"report": "steps", "parameters": {"sequence_id": ["s-1"], "team": ["team north", "t-2"]}, "title": "Step by step"},
            {"report": "analyze", "parameters": {}},
        ],
    }


def test_a_dashboard_is_read_from_a_file_or_from_standard_input(tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"dashboard_id": "another", "name": "Sales", "cards": [{"report": "steps", "parameters": {"sequence_id": "s-1"}}]})
    (tmp_path / "sales.json").write_text(text)
    assert tally("dashboard", "save", "d-1", "--file", "sales.json").code == 0
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert tally("dashboard", "save", "d-2", "--file", "-").code == 0
    saved = [json.loads(record.value or b"")["data"] for record in records(tmp_path)]
    assert [one["dashboard_id"] for one in saved] == ["d-1", "d-2"]
    assert saved[0]["cards"] == saved[1]["cards"] == [{"report": "steps", "parameters": {"sequence_id": ["s-1"]}}]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["d-1"], "--name"),
        (["d-1", "--name", "x", "--card", "nope"], "--card: card 1: report: 'nope' is no report; choose one of performance"),
        (["d-1", "--name", "x", "--card", "analyze", "--card", "analyze tem=1"], "--card: card 2: tem: is no parameter"),
        (["d-1", "--name", "x", "--card", "steps"], "--card: card 1: sequence_id"),
        (
            ["d-1", "--name", "x", "--card", "analyze basis=pigeons"],
            "--card: card 1: basis: 'pigeons' is not allowed; choose one of contacts",
        ),
        (["d-1", "--name", "x", "--card", "analyze north"], "--card: 'north' is no parameter of analyze; write NAME=VALUE"),
        (["d-1", "--name", "x", "--card", "analyze team='north"], "--card"),
        (["d-1", "--name", "x", "--card", ""], "--card"),
        (["d\n1", "--name", "x"], "DASHBOARD_ID"),
        (["d-1", "--file", "absent.json"], "--file: cannot read"),
        (["d-1", "--file", "bad.json"], "--file: not JSON"),
        (["d-1", "--file", "list.json"], "--file: is no JSON object"),
        (["d-1", "--file", "nameless.json"], "--file: name"),
        (["d-1", "--file", "wrong.json"], "--file: card 1: report"),
        (["d-1", "--file", "wrong.json", "--name", "x"], "--file"),
        (["d-1", "--add", "--file", "wrong.json"], "--file"),
    ],
)
def test_what_cannot_be_saved_is_a_wrong_call_and_nothing_is_written(
    tally: Tally, tmp_path: Path, arguments: list[str], named: str
) -> None:
    files: dict[str, Any] = {
        "list.json": [],
        "nameless.json": {"cards": []},
        "wrong.json": {"name": "x", "cards": [{"report": "nope"}]},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "bad.json").write_text("{")
    outcome = tally("dashboard", "save", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"tally: {named}")
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / ".tally" / "log.db").exists()


@pytest.mark.parametrize(
    "arguments", [["show", "d-1"], ["show", "d-1", "--run"], ["delete", "d-1"], ["save", "d-1", "--add", "--card", "analyze"]]
)
def test_a_dashboard_that_is_not_there_is_a_failure(tally: Tally, tmp_path: Path, arguments: list[str]) -> None:
    assert tally("dashboard", *arguments) == (1, "", "tally: there is no dashboard 'd-1'\n")
    assert not (tmp_path / ".tally" / "log.db").exists() or records(tmp_path) == []


def test_an_empty_list(tally: Tally) -> None:
    assert json.loads(tally("dashboard", "list", "--json").out) == {"account": "default", "dashboards": []}
    assert tally("dashboard", "list").code == 0


def test_running_a_dashboard_as_json_is_a_wrong_call(tally: Tally) -> None:
    outcome = tally("dashboard", "show", "d-1", "--run", "--json")
    assert outcome.code == 2
    assert "--run" in outcome.err
