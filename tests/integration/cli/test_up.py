"""`tally up` from the outside: everything comes up, comes back, and goes, however it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from events.log.embedded_kafka import EmbeddedKafka
from tests.integration.cli.conftest import command, environment, processes_of
from tests.stories import event

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as a unix socket in it must have a short path."""
    with tempfile.TemporaryDirectory(prefix="tally-") as name:
        yield Path(name)


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts a verb whose output goes to `output` in the folder."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, **settings: str) -> subprocess.Popen[bytes]:
        # Named, so that processes are known as those of this folder.
        settings = {"TALLY_LOG": f"sqlite:///{folder}/log.db", "TALLY_REDIS": f"embedded:///{folder}/redis", **settings}
        with (folder / "output").open("wb") as output:
            process = subprocess.Popen(command(*words), cwd=folder, env={**environment(), **settings}, stdout=output, stderr=output)
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def until(condition: Callable[[], object], told: Callable[[], str] = str, seconds: float = 30) -> None:
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, told()
        sleep(0.05)


def said(folder: Path) -> str:
    return (folder / "output").read_text()


def dashboard(folder: Path) -> str:
    """The address, once it is told."""
    until(lambda: re.search(r"Dashboard: http://\S+/$", said(folder), re.MULTILINE), lambda: said(folder))
    return str(re.findall(r"Dashboard: (http://\S+/)$", said(folder), re.MULTILINE)[0])


def enrolled(numbers: range) -> list[dict[str, Any]]:
    return [
        event("enrollment.started", "09:00", contact_id=f"c-{number}", enrollment_id=f"e-{number}", sequence_id="spring")
        for number in numbers
    ]


def publish(url: str, numbers: range) -> None:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    answer = httpx.post(f"{url}v1/events", content=json.dumps(enrolled(numbers)), headers=headers)
    assert answer.status_code == 200, answer.text


def started(url: str) -> int:
    """-1 as long as nobody answers."""
    try:
        return int(httpx.get(f"{url}v1/analyze").json()["enrollments"]["started"])
    except (httpx.HTTPError, KeyError):
        return -1


def pid_of(folder: Path, words: str) -> int:
    """The one process of this command line."""
    (line,) = (line for line in processes_of(folder) if words in line)
    return int(line.split(":")[0])


def test_numbers_come_parts_come_back_and_nothing_stays(start: Start, folder: Path) -> None:
    up = start("up", "--port", "0")
    url = dashboard(folder)
    publish(url, range(10))
    until(lambda: started(url) == 10)

    for words in ("cli.main worker", "cli.main web", "valkey-server"):
        os.kill(pid_of(folder, words), signal.SIGKILL)
    until(lambda: started(url) == 10, lambda: said(folder))
    publish(url, range(10, 15))
    until(lambda: started(url) == 15, lambda: said(folder))
    for name in ("worker", "web"):
        assert f"{name} was ended by SIGKILL; it is started again in 0.5 s" in said(folder)
    assert "redis ended with exit code 1; it is started again in 0.5 s" in said(folder)
    assert "Traceback" not in said(folder)

    up.send_signal(signal.SIGTERM)
    assert up.wait(30) == 0
    assert processes_of(folder) == []
    assert said(folder).rstrip().endswith("everything is stopped")


def test_ctrl_c_before_anything_is_ready(start: Start, folder: Path) -> None:
    up = start("up", "--port", "0")
    until(lambda: "redis" in said(folder))
    up.send_signal(signal.SIGINT)
    assert up.wait(30) == 0
    assert processes_of(folder) == []
    assert "Traceback" not in said(folder)


@pytest.mark.parametrize("moment", ["running redis", "serving in", "Dashboard: "])
def test_kill_9_takes_everything_along(start: Start, folder: Path, moment: str) -> None:
    up = start("up", "--port", "0")
    until(lambda: moment in said(folder))
    up.kill()
    up.wait()
    until(lambda: processes_of(folder) == [], lambda: str(processes_of(folder)))


def test_a_port_that_is_taken_ends_everything_with_the_remedy(start: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        up = start("up", "--port", str(port))
        assert up.wait(60) == 1
    assert said(folder).splitlines()[-1].startswith(f"tally: web ended with exit code 1: TALLY_WEB_PORT={port} ")
    assert "choose another port" in said(folder).splitlines()[-1]
    assert processes_of(folder) == []


def test_a_wrong_setting_is_told_before_anything_starts(start: Start, folder: Path) -> None:
    assert start("up", "--timezone", "Mars/Olympus").wait(10) == 2
    assert said(folder).startswith("tally: --timezone: ")


def test_on_a_kafka_of_its_own_the_topics_are_made(start: Start, folder: Path, kafka: EmbeddedKafka) -> None:
    up = start("up", "--port", "0", "--log", f"kafka+embedded:///{folder}/kafka")
    url = dashboard(folder)
    until(lambda: re.search(r"^topics \| created .*enrollment-events", said(folder), re.MULTILINE), lambda: said(folder))
    publish(url, range(3))
    until(lambda: started(url) == 3, lambda: said(folder))
    up.send_signal(signal.SIGTERM)
    assert up.wait(30) == 0
    assert processes_of(folder) == []


def test_a_demo_tells_its_address_and_the_numbers_move(start: Start, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        demo = start("demo", "--contacts", "100", "--rate", "200", TALLY_WEB_PORT=taken)
        url = dashboard(folder)
    assert taken not in url
    until(lambda: "Going on live" in said(folder))
    before = started(url)
    assert before > 0
    until(lambda: started(url) > before, seconds=10)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 130
    assert processes_of(folder) == []


def test_a_demo_without_what_the_web_server_needs_says_so_and_goes_on(start: Start, folder: Path) -> None:
    (folder / "uvicorn.py").write_text("raise ModuleNotFoundError('no', name='uvicorn')")
    start("demo", "--contacts", "50")
    until(lambda: "Going on live" in said(folder), lambda: said(folder))
    assert 'There is no dashboard: tally web needs uvicorn, which is not installed: pip install "tally[web]"' in said(folder)
