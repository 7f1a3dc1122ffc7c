import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.main import run


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Tally = Callable[..., Outcome]


@pytest.fixture
def tally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Calls the command line in an empty folder, with none of its settings in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in list(os.environ):
        if name.startswith("TALLY_"):
            monkeypatch.delenv(name)

    def call(*arguments: str) -> Outcome:
        code = run(arguments)
        return Outcome(code, *capsys.readouterr())

    return call
