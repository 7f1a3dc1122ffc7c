import io
import json
from pathlib import Path
from typing import Any

import pytest

from events.log.sqlite import SqliteLog
from events.topics import EMAIL
from tests.unit.cli.conftest import Tally


def opened(id_: str, **changes: Any) -> str:
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": id_,
        "source": "mailer",
        "type": "email.opened",
        "time": "2026-03-02T10:00:00Z",
        "data": {"contact_id": "c-1", "message_id": "m-1"},
    }
    return json.dumps({**event, **changes})


def stored(path: Path) -> list[str]:
    with SqliteLog(path / ".tally" / "log.db") as log:
        return [
            json.loads(record.value or b"")["id"]
            for partition in range(log.partitions(EMAIL))
            for record in log.read(EMAIL, partition, 0, 100)
        ]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_text(
        "\n".join([opened("1"), "", opened("2", type="email.eaten"), "   ", opened("3", data={"contact_id": "c-1"}), opened("4")])
    )
    return path


def test_good_lines_are_published(tally: Tally, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(opened("1") + "\r\n\n" + opened("2"))
    assert tally("publish", "events.jsonl") == (0, "accepted 2, refused 0\n", "")
    assert stored(tmp_path) == ["1", "2"]


def test_one_bad_line_refuses_the_file_and_nothing_is_written(tally: Tally, events: Path, tmp_path: Path) -> None:
    outcome = tally("publish", str(events))
    assert (outcome.code, outcome.out) == (1, "accepted 0, refused 2\n")
    lines = outcome.err.splitlines()
    assert lines[0].startswith("line 3: unknown_type: ")
    assert lines[1].startswith("line 5: invalid_data: data.message_id")
    assert "--skip-invalid" in lines[2]
    assert len(lines) == 3
    assert not (tmp_path / ".tally").exists()


def test_skip_invalid_publishes_the_good_lines(tally: Tally, events: Path, tmp_path: Path) -> None:
    outcome = tally("publish", "--skip-invalid", str(events))
    assert (outcome.code, outcome.out) == (0, "accepted 2, refused 2\n")
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["line 3", "line 5"]
    assert stored(tmp_path) == ["1", "4"]


def test_skip_invalid_by_the_environment(tally: Tally, events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_PUBLISH_SKIP_INVALID", "1")
    assert tally("publish", str(events)).out == "accepted 2, refused 2\n"


class Pipe(io.BytesIO):
    """A stream that cannot be read twice."""

    def seekable(self) -> bool:
        return False


@pytest.mark.parametrize(("options", "accepted"), [([], 0), (["--skip-invalid"], 2)])
def test_standard_input(tally: Tally, events: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], accepted: int) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Pipe(events.read_bytes())))
    assert tally("publish", "-", *options).out == f"accepted {accepted}, refused 2\n"


def test_a_good_pipe_is_published_without_options(tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(Pipe(opened("1").encode())))
    assert tally("publish", "-") == (0, "accepted 1, refused 0\n", "")
    assert stored(tmp_path) == ["1"]


def test_an_endless_line_is_refused_without_being_held(tally: Tally, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(opened("1") + "\n" + "x" * 1_000_000 + "\n" + opened("2"))
    outcome = tally("publish", "--skip-invalid", "events.jsonl")
    assert outcome.out == "accepted 2, refused 1\n"
    assert outcome.err.startswith("line 2: too_large: ")


def test_events_keep_the_account_they_name(tally: Tally, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(opened("1", account="acme"))
    assert tally("publish", "events.jsonl", "--account", "other").code == 0
    with SqliteLog(tmp_path / ".tally" / "log.db") as log:
        records = [record for partition in range(log.partitions(EMAIL)) for record in log.read(EMAIL, partition, 0, 9)]
    assert [record.key for record in records] == [b"acme/c-1"]


def test_an_empty_file_publishes_nothing(tally: Tally, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("\n\n")
    assert tally("publish", "events.jsonl") == (0, "accepted 0, refused 0\n", "")
