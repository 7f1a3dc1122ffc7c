import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Tally = Callable[..., subprocess.CompletedProcess[str]]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli.main", *arguments]


def environment() -> dict[str, str]:
    """Ours, without a setting of the program in it; in a working folder of its own a process finds the program by its installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TALLY_")} | {"COLUMNS": "120"}


@pytest.fixture
def tally(tmp_path: Path) -> Tally:
    """The real command in a process of its own, in an empty folder."""

    def call(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=environment(), input=stdin, capture_output=True, text=True, timeout=90, check=False
        )

    return call


def processes_of(folder: Path) -> list[str]:
    """The command lines of all processes that speak of the folder, in their arguments or their settings."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                arguments, settings = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            except OSError:  # It has ended meanwhile.
                continue
            if os.fsencode(folder) in arguments + settings:
                found.append(f"{process.name}: {arguments.replace(bytes(1), b' ').decode()}")
    return found
