"""`tally web` as people run it: with a worker, over SQLite and an embedded Redis; and what a kill -9 of it does, which is nothing."""

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from socket import AF_UNIX, socket
from threading import Thread
from time import monotonic, sleep
from typing import Any, Self

import httpx
import pytest

from tests.integration.cli.conftest import command, environment
from tests.stories import event


class Process:
    """A command of tally that runs until the test ends."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._said = folder / f"{arguments[0]}-{len(list(folder.glob('*.log')))}.log"
        with self._said.open("w") as output:
            self._process = subprocess.Popen(command(*arguments), cwd=folder, env=environment(), stderr=output)

    def said(self, pattern: str) -> str:
        """What it says, once it does."""
        until(lambda: re.search(pattern, self._said.read_text()), self._said.read_text)
        return str(re.findall(pattern, self._said.read_text())[0])

    def kill(self) -> None:
        """As kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """As SIGTERM; the exit code."""
        self._process.terminate()
        return self._process.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self.kill()


def until(condition: Callable[[], object], told: Callable[[], str] = str) -> None:
    deadline = monotonic() + 40
    while not condition():
        assert monotonic() < deadline, told()
        sleep(0.02)


class Live:
    """A client of /v1/live in a thread: the sequences of each event, and its id."""

    def __init__(self, url: str, **headers: str) -> None:
        self.events: list[tuple[str, dict[str, int]]] = []
        self._url, self._headers = url, headers
        Thread(target=self._listen, daemon=True).start()
        until(lambda: self.events or self.quiet)

    quiet = False

    def _listen(self) -> None:
        try:
            with httpx.stream("GET", f"{self._url}/live", headers=self._headers, timeout=60) as answer:
                assert answer.headers["Content-Type"].startswith("text/event-stream")
                last = ""
                for line in answer.iter_lines():
                    self.quiet = self.quiet or line.startswith("retry:")
                    if line.startswith("id: "):
                        last = line.removeprefix("id: ")
                    elif line.startswith("data: "):
                        lines = json.loads(line.removeprefix("data: "))["sequences"]
                        self.events.append((last, {one["sequence_id"]: one["enrollments"] for one in lines}))
        except httpx.HTTPError:
            return  # the server was killed


def enrolled(numbers: Sequence[int], sequence: str) -> list[dict[str, Any]]:
    return [
        event("enrollment.started", "09:00", contact_id=f"c-{number}", enrollment_id=f"e-{number}", sequence_id=sequence)
        for number in numbers
    ]


def publish(url: str, events: list[dict[str, Any]]) -> httpx.Response:
    return httpx.post(
        f"{url}/events", content=json.dumps(events), headers={"Content-Type": "application/cloudevents-batch+json"}, timeout=30
    )


def started(url: str, sequence: str) -> int:
    answer = httpx.get(f"{url}/sequences/{sequence}/performance")
    return int(answer.json()["enrollments"]["started"]) if answer.status_code == 200 else 0


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as a unix socket in it must have a short path."""
    with tempfile.TemporaryDirectory(prefix="tally-") as name:
        yield Path(name)


def test_from_a_published_event_to_a_live_number_and_on_after_a_kill(folder: Path) -> None:
    with ExitStack() as stack:
        web = stack.enter_context(Process(folder, "web", "--port", "0"))
        url = web.said(r"answering (http://127\.0\.0\.1:\d+/v1)")
        assert httpx.get(url.replace("/v1", "/readyz")).text == "ready\n"
        worker = stack.enter_context(Process(folder, "worker"))

        live = Live(url)
        answer = publish(url, [*enrolled(range(20), "s-1"), {"type": "nonsense"}])
        assert (answer.status_code, answer.json()["accepted"], answer.json()["refused"]) == (207, 20, 1)
        until(lambda: live.events and live.events[-1][1].get("s-1") == 20)
        assert started(url, "s-1") == 20
        publish(url, enrolled(range(20, 25), "s-2"))
        # Where an announcement was lost, everything is told again, and not what has changed alone.
        until(lambda: live.events[-1][1].get("s-2") == 5)

        # kill -9 while events come in: what was acknowledged is there.
        acknowledged: list[int] = []

        def keep_telling() -> None:
            for first in range(100, 10_000, 20):
                try:
                    answer = publish(url, enrolled(range(first, first + 20), "s-3"))
                except httpx.HTTPError:
                    return
                acknowledged.append(answer.json()["accepted"])

        telling = Thread(target=keep_telling)
        telling.start()
        until(lambda: len(acknowledged) >= 5)
        web.kill()
        telling.join()

        again = stack.enter_context(Process(folder, "web", "--port", "0"))
        url = again.said(r"answering (http://127\.0\.0\.1:\d+/v1)")
        until(lambda: started(url, "s-3") >= sum(acknowledged))
        until(lambda: httpx.get(f"{url}/analyze").json()["as_of"]["lag"] == 0)
        assert started(url, "s-3") in (sum(acknowledged), sum(acknowledged) + 20)
        assert (started(url, "s-1"), started(url, "s-2")) == (20, 5)
        resumed = Live(url, **{"Last-Event-ID": live.events[-1][0]})
        until(lambda: resumed.events and "s-3" in resumed.events[-1][1])
        assert subprocess.run(command("verify"), cwd=folder, env=environment(), capture_output=True, check=False).returncode == 0

        other = stack.enter_context(Process(folder, "web", "--port", "0"))
        elsewhere = other.said(r"answering (http://127\.0\.0\.1:\d+/v1)")
        publish(elsewhere, enrolled([50_000], "s-4"))
        until(lambda: resumed.events[-1][1] == {"s-4": 1})
        assert (again.stop(), other.stop(), worker.stop()) == (0, 0, 0)


def test_asked_to_end_while_it_starts_it_leaves_nothing_running(folder: Path) -> None:
    with Process(folder, "web", "--port", "0") as web:
        web.said(r"answering http")
        assert web.stop() == 0
    with socket(AF_UNIX) as client, pytest.raises(OSError, match=r"refused|No such file"):
        client.connect(str(folder / ".tally" / "redis" / "redis.sock"))


def test_a_server_starts_without_redis_and_without_the_log_and_says_so(folder: Path) -> None:
    with Process(folder, "web", "--port", "0", "--redis", "redis://127.0.0.1:1/0", "--log", "kafka://127.0.0.1:1") as web:
        url = web.said(r"answering (http://127\.0\.0\.1:\d+/v1)")
        for answer in (httpx.get(f"{url}/analyze"), publish(url, enrolled([1], "s-1")), httpx.get(f"{url}/live")):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert answer.headers["Content-Type"] == "application/problem+json"
        assert httpx.get(url.replace("/v1", "/healthz")).text == "alive\n"
        assert httpx.get(url.replace("/v1", "/readyz")).status_code == 503
        assert web.stop() == 0


def test_a_port_that_is_taken_is_an_error_that_names_the_remedy(folder: Path) -> None:
    with Process(folder, "web", "--port", "0") as web:
        port = web.said(r"answering http://127\.0\.0\.1:(\d+)/v1")
        refused = subprocess.run(command("web", "--port", port), cwd=folder, env=environment(), capture_output=True, text=True, check=False)
        assert web.stop() == 0
    assert refused.returncode == 1
    assert "choose another port, or 0 for any that is free" in refused.stderr
