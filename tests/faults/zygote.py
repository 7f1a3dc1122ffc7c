"""Processes that begin in milliseconds: everything is imported once (`tests.faults.forked`), and each of them is a fork."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from projections.moments import Moment
from tests.faults.processes import until

KILLED = -signal.SIGKILL
"""The exit code of a process that was killed, or has killed itself."""


class Fork:
    """A process that a zygote has begun. What it says is in `log`."""

    def __init__(self, zygote: "Zygote", pid: int, log: Path) -> None:
        self.pid = pid
        self._zygote = zygote
        self._log = log
        self._code: int | None = None

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def is_running(self) -> bool:
        return self._ended(at_once=True) is None

    def signal(self, number: signal.Signals) -> None:
        if self.is_running:  # until it is asked for its end, the number is that of no other
            os.kill(self.pid, number)

    def wait(self, timeout: float | None = 30) -> int:
        """The exit code; None waits as long as it takes."""
        if timeout is None:
            self._ended(at_once=False)
        else:
            until(lambda: not self.is_running, timeout, lambda: f"an end of the process, which says:\n{self.log[-3000:]}")
        assert self._code is not None
        return self._code

    def until_logged(self, text: str, timeout: float = 30) -> None:
        until(lambda: text in self.log or not self.is_running, timeout, lambda: f"{text!r} in the log:\n{self.log[-3000:]}")
        assert text in self.log

    def end(self) -> None:
        """Whatever it does, it does it no more."""
        self.signal(signal.SIGKILL)
        self.wait(None)

    def _ended(self, *, at_once: bool) -> int | None:
        if self._code is None:
            self._code = self._zygote.ask({"ended": self.pid, "at_once": at_once})
        return self._code


class Zygote:
    """The process that forks, seen from the tests."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forked"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )

    def start(
        self,
        action: str,
        environment: Mapping[str, str],
        *arguments: str,
        log: Path,
        moment: Moment | None = None,
        count: int = 1,
        mutant: str | None = None,
    ) -> Fork:
        """Begin an action of `ACTIONS` in a process of its own; killed at the `count`-th time that it comes to `moment`."""
        asked = {
            "action": action,
            "arguments": arguments,
            "environment": dict(environment),
            "moment": moment,
            "count": count,
            "mutant": mutant,
            "log": str(log),
        }
        return Fork(self, self.ask(asked), log)

    def ask(self, question: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._process.communicate()  # closes its standard input, which ends it
