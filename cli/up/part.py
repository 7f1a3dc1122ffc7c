"""A part that is kept running: a program of ours in a process of its own."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """What is started, and when. It has to end when its standard input closes: then we have died."""

    name: str
    command: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, beside our own."""
    after: frozenset[str] = frozenset()
    """The parts that have to be ready before it is started, and that are stopped after it."""
    ready: re.Pattern[str] | None = None
    """What the line looks like with which it says that it serves; None if nobody waits for that."""
    once: bool = False
    """It is ready when it has ended well, and is not started again then."""


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of ours."""
    return sys.executable, "-m", name, *arguments


def verb(*words: str) -> tuple[str, ...]:
    """The command that runs a verb of `tally` for as long as we live."""
    return module("cli.main", *words, "--attached")
