"""The demo from the outside: what it shows, and that it leaves nothing running however it ends."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.integration.cli.conftest import Tally, command, environment, processes_of

SMALL = ("--contacts", "100")


def wait_until(condition: Callable[[], bool], seconds: float = 45) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come to pass in time"
        sleep(0.05)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a demo whose output goes to `output` in the folder."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "output").open("wb") as output:
            started.append(
                subprocess.Popen(command("demo", *SMALL, *options), cwd=tmp_path, env=environment(), stdout=output, stderr=output)
            )
        return started[-1]

    yield start
    for process in started:
        # Not by kill -9, which would leave a Redis that has just been started to the next demo in the folder.
        process.send_signal(signal.SIGINT)
        process.wait(20)


def said(tmp_path: Path) -> str:
    return (tmp_path / "output").read_text()


def test_once_prints_the_reports_and_leaves_nothing_running(tally: Tally, tmp_path: Path) -> None:
    outcome = tally("demo", "--once", *SMALL)
    assert outcome.returncode == 0, outcome.stderr
    for title in ("analyze: all sequences", "sequences", "performance: Spring outreach", "steps of spring-outreach"):
        assert title in outcome.stdout
    assert "lag 0" in outcome.stdout
    assert processes_of(tmp_path) == []


def test_each_demo_is_a_fresh_one_unless_it_is_to_be_kept(tally: Tally) -> None:
    def applied(*options: str) -> int:
        line = tally("demo", "--once", *SMALL, *options).stdout.splitlines()[-2]
        return int(line.split(" events applied")[0].replace(",", ""))

    first = applied()
    assert abs(applied("--seed", "2") - first) < 0.3 * first
    assert applied("--keep") > 1.5 * first


def test_ctrl_c_while_it_is_live(running: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    demo = running()
    wait_until(lambda: "Going on live" in said(tmp_path))
    sleep(0.5)
    assert len(processes_of(tmp_path)) >= 2, "the worker and Redis at least"
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 130
    assert processes_of(tmp_path) == []
    assert "Traceback" not in said(tmp_path)


@pytest.mark.parametrize("moment", ["Starting", "Half a year"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_any_other_moment(
    running: Callable[..., subprocess.Popen[bytes]], tmp_path: Path, moment: str, number: signal.Signals
) -> None:
    demo = running("--once", "--contacts", "2000")
    wait_until(lambda: moment in said(tmp_path))
    demo.send_signal(number)
    assert demo.wait(20) == 130
    assert processes_of(tmp_path) == []
    assert "Traceback" not in said(tmp_path)


def test_kill_9_takes_the_worker_and_its_redis_along(running: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    demo = running()
    wait_until(lambda: "Going on live" in said(tmp_path))
    demo.kill()
    demo.wait()
    wait_until(lambda: processes_of(tmp_path) == [], 20)


def test_a_worker_that_ends_is_told(running: Callable[..., subprocess.Popen[bytes]], tmp_path: Path) -> None:
    demo = running()
    wait_until(lambda: "Going on live" in said(tmp_path))
    (worker,) = (process for process in processes_of(tmp_path) if " worker " in process)
    os.kill(int(worker.split(":")[0]), signal.SIGKILL)
    assert demo.wait(30) == 1
    assert "tally: the worker ended with exit code -9" in said(tmp_path)
    assert processes_of(tmp_path) == []


def test_a_second_demo_in_the_same_folder_is_refused(running: Callable[..., subprocess.Popen[bytes]], tally: Tally, tmp_path: Path) -> None:
    running()
    wait_until(lambda: "Starting" in said(tmp_path))
    outcome = tally("demo", "--once")
    assert outcome.returncode == 1
    assert "--folder" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def test_a_folder_that_no_demo_made_is_never_emptied(tally: Tally, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "love.txt").write_text("dear")
    outcome = tally("demo", "--once", "--folder", "letters")
    assert outcome.returncode == 2
    assert "--folder" in outcome.stderr
    assert (tmp_path / "letters" / "love.txt").read_text() == "dear"
