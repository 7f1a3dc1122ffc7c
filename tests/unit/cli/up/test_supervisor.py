"""Starting in order, starting again, giving up, stopping in order: with small programs of the shell."""

import asyncio
import re
from collections.abc import Callable

import pytest

from cli.up.part import Part
from cli.up.supervisor import OURSELVES, Hopeless, Supervisor

WAITING = "trap 'echo stopped; exit 0' TERM; echo serving; while :; do sleep 0.01; done"
SERVES = re.compile("^serving$")


def sh(name: str, script: str, *after: str, ready: re.Pattern[str] | None = SERVES, once: bool = False) -> Part:
    return Part(name, ("/bin/sh", "-c", script), after=frozenset(after), ready=ready, once=once)


class Told:
    """What is said, and a wish to stop that comes true as soon as something has been said."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.ready: list[str] = []
        self.stop = asyncio.Event()
        self._enough: Callable[[], bool] = lambda: False

    def say(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        if self._enough():
            self.stop.set()

    async def of(self, *parts: Part, until: Callable[[], bool] = lambda: False, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._enough = until
        supervisor = Supervisor(parts, self.say, lambda name, _found: self.ready.append(name), clock)
        await asyncio.wait_for(supervisor.run(self.stop), 20)

    def said_by(self, name: str) -> list[str]:
        return [line for one, line in self.lines if one == name]


async def test_each_starts_when_those_before_it_are_ready_and_stops_before_them() -> None:
    told = Told()
    await told.of(
        sh("store", f"sleep 0.1; {WAITING}"),
        sh("topics", "echo made", "store", ready=None, once=True),
        sh("worker", WAITING, "store", "topics"),
        until=lambda: ("worker", "serving") in told.lines,
    )
    assert told.lines == [
        ("store", "serving"),
        ("topics", "made"),
        ("worker", "serving"),
        ("worker", "stopped"),
        ("store", "stopped"),
    ]
    assert told.ready == ["store", "worker"]


async def test_one_that_is_killed_is_started_again_and_the_others_go_on() -> None:
    told = Told()
    await told.of(
        sh("store", WAITING),
        sh("worker", "echo here; kill -9 $$", "store", ready=None),
        until=lambda: told.said_by("worker").count("here") == 2,
    )
    assert told.said_by(OURSELVES)[0] == "worker was ended by SIGKILL; it is started again in 0.5 s"
    assert told.said_by("store") == ["serving", "stopped"]


async def test_one_that_always_fails_ends_all_with_its_last_words() -> None:
    told = Told()
    with pytest.raises(Hopeless, match=r"^web ended with exit code 2: no such port$") as hopeless:
        await told.of(sh("store", WAITING), sh("web", "echo 2026-01-01 10:00:00,000 ERROR tally.web: no such port; exit 2", "store"))
    assert hopeless.value.code == 2
    assert told.said_by("store") == ["serving", "stopped"]


async def test_one_that_fails_once_is_started_again() -> None:
    told = Told()
    await told.of(sh("web", "echo no; exit 1", ready=None), until=lambda: told.said_by("web") == ["no", "no"])
    assert told.said_by(OURSELVES)[0] == "web ended with exit code 1; it is started again in 0.5 s"


async def test_lines_of_any_length_arrive_whole_and_the_last_one_without_its_end() -> None:
    told = Told()
    script = "head -c 300000 /dev/zero | tr '\\0' x; echo; printf end"
    await told.of(sh("worker", script, ready=None, once=True), until=lambda: ("worker", "end") in told.lines)
    assert told.lines == [("worker", "x" * 300_000), ("worker", "end")]
