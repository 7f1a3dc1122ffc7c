"""`tally report`: its options are those of the reports, and a wrong call reads nothing."""

import sys

import pytest
import typer

from cli import main
from projections.reports import REPORTS
from tests.unit.cli.conftest import Tally

OF_THE_COMMAND = {"name", "subject", "format", "output", "all", "help"}


def options() -> dict[str, bool]:
    """Every option of the command -> whether it may be repeated."""
    command = typer.main.get_command(main.app).commands["report"]  # type: ignore[attr-defined]
    return {option.name: option.multiple for option in command.get_params(typer.Context(command))}


def test_every_parameter_of_every_report_is_an_option_and_no_other_is() -> None:
    parameters = {parameter.name for one in REPORTS.values() for parameter in one.parameters}
    assert options().keys() - OF_THE_COMMAND == parameters
    assert parameters & OF_THE_COMMAND == set()


def test_repeatable_parameters_are_repeatable_options() -> None:
    found = options()
    assert {parameter.name: parameter.repeatable for one in REPORTS.values() for parameter in one.parameters} == {
        name: repeatable for name, repeatable in found.items() if name not in OF_THE_COMMAND
    }


def test_the_help_names_every_report_with_its_subject_and_what_it_says(tally: Tally) -> None:
    lines = [" ".join(line.strip("│ ").split()) for line in tally("report", "--help").out.splitlines()]
    for one in REPORTS.values():
        subject = "" if one.subject is None else f" {one.subject.upper()}_ID"
        assert f"{one.name}{subject} {one.description}" in lines


def test_the_help_says_which_reports_an_option_is_of(tally: Tally) -> None:
    text = " ".join(tally("report", "--help").out.replace("│", " ").split())
    assert "How long the time of one point is: day (default), week, month. (trend)" in text
    assert "The page after the one that came with this cursor. (enrollments, contacts)" in text
    assert "Enrollments by this team. --variant" in text, "what every report has needs no list of them"


@pytest.fixture
def nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens where log and Redis should be."""
    monkeypatch.setenv("TALLY_REDIS", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("TALLY_LOG", "kafka://127.0.0.1:1")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["nope"], "NAME"),
        (["performance"], "SUBJECT"),
        (["contact"], "SUBJECT"),
        (["analyze", "s-1"], "SUBJECT"),
        (["analyze", "--enrolled-from", "yesterday"], "--enrolled-from"),
        (["analyze", "--enrolled-from", "2026-02-02", "--enrolled-to", "2026-02-01"], "--enrolled-from"),
        (["analyze", "--status", "sleeping"], "--status"),
        (["analyze", "--basis", "pigeons"], "--basis"),
        (["analyze", "--time-zone", "Mars/Olympus"], "--time-zone"),
        (["analyze", "--sort", "name"], "--sort"),
        (["analyze", "--company", "a,\x01b"], "--company"),
        (["sequences", "--sort", "beauty"], "--sort"),
        (["sequences", "--order", "random"], "--order"),
        (["enrollments", "--limit", "1001"], "--limit"),
        (["enrollments", "--cursor", "x"], "--cursor"),
        (["enrollments", "--cell", "open:intro"], "--cell"),
        (["trend", "--interval", "hour"], "--interval"),
        (["custom"], "--measure"),
        (["custom", "--measure", "started,,opens"], "--measure"),
        (["custom", "--measure", "started", "--by", "day,month"], "--by"),
        (["analyze", "--all"], "--all"),
        (["enrollments", "--all"], "--all"),
        (["enrollments", "--output", "absent/rows.csv", "--format", "csv"], "--output"),
    ],
)
def test_a_wrong_call_names_the_parameter_and_reads_nothing(tally: Tally, nothing_there: None, arguments: list[str], named: str) -> None:
    outcome = tally("report", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"tally: {named}: ")
    assert outcome.err.count("\n") == 1


def test_a_right_call_is_one_that_would_have_read(tally: Tally, nothing_there: None) -> None:
    outcome = tally("report", "custom", "--measure", "started,opens", "--by", "user", "--by", "month")
    assert (outcome.code, outcome.out) == (1, "")
    assert "the lag is unknown" in outcome.err
    assert "127.0.0.1:1" in outcome.err.splitlines()[-1]


def test_parquet_is_nothing_for_a_terminal(tally: Tally, nothing_there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    outcome = tally("report", "enrollments", "--format", "parquet")
    assert outcome.code == 2
    assert outcome.err.startswith("tally: --output: ")


def test_without_pyarrow_the_remedy_is_said_and_nothing_is_read(tally: Tally, nothing_there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    outcome = tally("report", "enrollments", "--format", "parquet")
    assert (outcome.code, outcome.out) == (1, "")
    assert 'pip install "tally[parquet]"' in outcome.err
    assert outcome.err.count("\n") == 1
