import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cli import main
from cli.settings import global_options_first
from tests.unit.cli.conftest import Tally


def test_without_arguments_it_teaches_and_says_that_this_was_no_call(tally: Tally) -> None:
    outcome = tally()
    assert "Exact, live performance numbers" in outcome.out + outcome.err
    assert outcome.code == 2


DASHBOARD = ("dashboard list", "dashboard show", "dashboard save", "dashboard delete")


@pytest.mark.parametrize(
    "verb",
    ["schema", "topics create", "topics check", "publish", "worker", "web", "up", "report", "status", "verify", "diff", "demo", *DASHBOARD],
)
def test_the_help_of_every_verb_has_an_example(tally: Tally, verb: str) -> None:
    outcome = tally(*verb.split(), "--help")
    assert outcome.code == 0
    assert "Example" in outcome.out
    assert f"tally {verb}" in outcome.out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["reprot"], "reprot"),
        (["report", "analyze", "--bogus"], "--bogus"),
        (["report", "analyze", "--format", "xml"], "--format"),
        (["report"], "NAME"),
        (["publish"], "FILE"),
        (["publish", "absent.jsonl"], "FILE"),
        (["schema", "email.eaten"], "TYPE"),
        (["topics", "create", "--partitions", "many"], "--partitions"),
        (["topics", "create", "--partitions", "0"], "--partitions"),
        (["demo", "--contacts", "1"], "--contacts"),
        (["status", "--timezone", "Mars/Olympus"], "--timezone"),
        (["status", "--account", "a b"], "--account"),
        (["status", "--account"], "--account"),
    ],
)
def test_a_wrong_call_is_one_line_that_names_the_parameter(tally: Tally, arguments: list[str], named: str) -> None:
    outcome = tally(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert named in outcome.err
    assert outcome.err.startswith("tally: ")
    assert outcome.err.count("\n") == 1


def test_a_wrong_setting_is_named_as_it_was_set(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_PARTITIONS", "many")
    outcome = tally("topics", "create")
    assert outcome.code == 2
    assert "TALLY_PARTITIONS" in outcome.err


def test_an_option_wins_over_the_environment(tally: Tally, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TALLY_LOG", "nonsense://")
    assert tally("topics", "create", "--log", "sqlite:///chosen.db").code == 0
    assert (tmp_path / "chosen.db").exists()


def test_a_failure_is_one_line_and_exit_1(tally: Tally) -> None:
    outcome = tally("topics", "check", "--log", "nonsense://here")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.count("\n") == 1
    assert "TALLY_LOG" in outcome.err


def test_a_failure_shows_its_origin_when_asked(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALLY_DEBUG", "1")
    outcome = tally("topics", "check", "--log", "nonsense://here")
    assert outcome.code == 1
    assert "Traceback" in outcome.err


def test_an_unforeseen_failure_is_one_line_too(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError("over the edge\nand on")

    monkeypatch.setattr(main, "app", explode)
    assert tally("status") == (1, "", "tally: over the edge and on\n")


def test_ctrl_c_is_quiet(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "app", interrupt)
    assert tally("status") == (130, "", "")


def test_global_options_may_stand_anywhere() -> None:
    assert global_options_first(["report", "analyze", "--log", "a", "--redis=b", "--team", "x"]) == [
        *("--log", "a", "--redis=b"),
        *("report", "analyze", "--team", "x"),
    ]


def test_behind_two_dashes_nothing_is_an_option() -> None:
    assert global_options_first(["publish", "--", "--log", "a"]) == ["publish", "--", "--log", "a"]


def test_the_version_is_that_of_the_package(tally: Tally) -> None:
    from importlib.metadata import version

    assert tally("--version") == (0, f"tally {version('tally')}\n", "")


def test_starting_imports_none_of_the_heavy_rooms() -> None:
    heavy = ("faust", "numpy", "kafka", "redis", "pydantic", "streams", "projections")
    script = f"import sys, cli.main; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_reader_that_leaves_early_is_no_failure_to_speak_of() -> None:
    pipe = f"{shlex.quote(sys.executable)} -m cli.main schema | head -1"
    process = subprocess.run(pipe, shell=True, capture_output=True, text=True, check=True)
    assert process.stdout == "{\n"
    assert process.stderr == ""


def test_no_setting_of_the_worker_is_an_option_of_another_verb_in_the_environment() -> None:
    from projections.reports import REPORTS
    from streams.settings import WorkerSettings

    of_reports = {f"report_{parameter.name}" for one in REPORTS.values() for parameter in one.parameters}
    assert of_reports & WorkerSettings.model_fields.keys() == set()
