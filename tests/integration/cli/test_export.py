"""Every report in every form by the command line, with a real Redis and a real log; pages, files, and what is said beside them."""

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

import pytest
from pyarrow import parquet

from cli.demo.company import Company
from cli.main import run
from projections.reports import REPORTS
from projections.tables.embedded_redis import EmbeddedRedis
from tests.integration.cli.conftest import command, environment

SUBJECTS = {"sequence": "spring-outreach", "contact": "c-000012"}
OWN = {"custom": ("--measure", "reply_rate,started", "--by", "user")}


class Outcome(NamedTuple):
    code: int
    out: bytes
    err: str


Tally = Callable[..., Outcome]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the log and the numbers of a small company."""
    made = tmp_path_factory.mktemp("company")
    events = Company(5, 150, until=1_790_000_000_000).history()
    (made / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    with EmbeddedRedis(made / ".tally" / "redis"):
        for arguments in (("publish", "events.jsonl"), ("worker", "--drain")):
            subprocess.run(command(*arguments), cwd=made, env=environment(), check=True, capture_output=True, timeout=90)
        yield made


@pytest.fixture
def tally(folder: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Tally:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "120")
    for name in list(os.environ):
        if name.startswith("TALLY_"):
            monkeypatch.delenv(name)

    def call(*arguments: str) -> Outcome:
        code = run(["report", *arguments])
        out, err = capsysbinary.readouterr()
        return Outcome(code, out, err.decode())

    return call


def call_of(name: str) -> list[str]:
    subject = REPORTS[name].subject
    return [name, *([] if subject is None else [SUBJECTS[subject]]), *OWN.get(name, ())]


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_in_every_form(tally: Tally, tmp_path: Path, name: str) -> None:
    outcomes = {form: tally(*call_of(name), "--format", form) for form in ("table", "json", "csv", "ndjson", "parquet")}
    assert {form: outcome.code for form, outcome in outcomes.items()} == dict.fromkeys(outcomes, 0)
    assert name in outcomes["table"].out.decode()
    lines = outcomes["ndjson"].out.splitlines()
    assert lines
    assert len(list(csv.reader(io.StringIO(outcomes["csv"].out.decode(), newline="")))) == len(lines) + 1
    assert len(parquet.read_table(io.BytesIO(outcomes["parquet"].out))) == len(lines)
    assert json.loads(outcomes["json"].out)["as_of"]["lag"] == 0
    for form in ("json", "csv", "ndjson"):
        file = tmp_path / form
        assert tally(*call_of(name), "--format", form, "--output", str(file)).out == b""
        assert file.read_bytes() == outcomes[form].out


def test_a_table_in_a_file_is_wide_and_without_colours(tally: Tally, tmp_path: Path) -> None:
    assert tally("enrollments", "--output", str(tmp_path / "table")).code == 0
    text = (tmp_path / "table").read_text()
    assert "\x1b" not in text
    assert 100 < max(map(len, text.splitlines())) <= 120


def test_the_next_page_of_a_table_is_told_beside_it(tally: Tally) -> None:
    first = tally("enrollments", "--limit", "40")
    assert first.err.startswith("tally: the next page: --cursor ")
    assert first.err.count("\n") == 1
    second = tally("enrollments", "--limit", "1000", *first.err.split()[-2:])
    assert second.err == ""
    total = json.loads(tally("enrollments", "--format", "json").out)["total"]
    assert f"enrollments: {total - 40} of {total}".encode() in second.out


def test_what_an_export_leaves_out_is_told_beside_it(tally: Tally) -> None:
    total = json.loads(tally("enrollments", "--format", "json").out)["total"]
    for form in ("csv", "ndjson", "parquet"):
        assert tally("enrollments", "--format", form).err == f"tally: 50 of {total} rows; --all writes every one\n"
        assert tally("enrollments", "--format", form, "--all").err == ""
    assert tally("enrollments", "--format", "json").err == "", "the JSON says it itself"
    by_company = ("custom", "--measure", "started", "--by", "company", "--limit", "2")
    assert "tally: 2 of " in tally(*by_company).err
    assert tally("custom", "--measure", "started", "--by", "team").err == ""


def test_all_pages_are_all_rows_in_every_form(tally: Tally) -> None:
    forms = {form: tally("contacts", "--all", "--limit", "9", "--format", form).out for form in ("json", "csv", "ndjson", "parquet")}
    found = json.loads(forms["json"])
    ids = [row["enrollment_id"] for row in found["contacts"]]
    assert len(set(ids)) == len(ids) == found["total"] > 9
    assert [json.loads(line)["enrollment_id"] for line in forms["ndjson"].splitlines()] == ids
    assert [row["enrollment_id"] for row in csv.DictReader(io.StringIO(forms["csv"].decode(), newline=""))] == ids
    assert parquet.read_table(io.BytesIO(forms["parquet"]))["enrollment_id"].to_pylist() == ids


def test_a_contact_needs_the_log_and_nothing_else_does(tally: Tally) -> None:
    away = ("--log", "kafka://127.0.0.1:1")
    missing = tally("contact", SUBJECTS["contact"], *away)
    assert (missing.code, missing.out) == (1, b"")
    assert missing.err.count("\n") == 1
    found = tally("enrollments", "--format", "json", *away)
    assert found.code == 0
    assert json.loads(found.out)["as_of"]["lag"] is None


def test_parquet_goes_through_a_pipe(folder: Path) -> None:
    call = command("report", "enrollments", "--all", "--format", "parquet")
    process = subprocess.run(call, cwd=folder, env=environment(), capture_output=True, timeout=90, check=True)
    assert len(parquet.read_table(io.BytesIO(process.stdout))) > 150


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_ctrl_c_leaves_nothing_behind(folder: Path, tmp_path: Path, form: str) -> None:
    options = ("--all", "--limit", "1", "--format", form, "--output", str(tmp_path / "rows"))
    process = subprocess.Popen(command("report", "enrollments", *options), cwd=folder, env=environment(), stderr=subprocess.PIPE)
    deadline = monotonic() + 45
    while not list(tmp_path.iterdir()):
        assert monotonic() < deadline
        sleep(0.001)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[1] == b""
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
