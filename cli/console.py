"""Where people read: the terminal, with progress only where somebody watches."""

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

_PAPER: Final = 120
"""Columns of a table that goes to a file or a pipe."""
_CONTROL: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}")
PATIENCE: Final = 2.0
"""Seconds after which a wait deserves a progress bar."""


def stdout() -> Console:
    """The console of results; where they go to no terminal, nothing has to be squeezed."""
    console = _console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PAPER
    return console


def paper(sink: BinaryIO) -> Console:
    """The console of results that go to `sink`: standard output, or a file."""
    if sink is sys.stdout.buffer:
        return stdout()
    return _console(file=codecs.getwriter("utf-8")(sink), width=_PAPER)


def stderr() -> Console:
    """The console of everything said beside the results."""
    return _console(stderr=True)


def _console(**where: Any) -> Console:
    # What is printed are ids and names of other people, which may look like markup.
    return Console(markup=False, emoji=False, highlight=False, **where)


def printable(text: str) -> str:
    """The text without control characters: names come from strangers, and a terminal does what such characters say."""
    return text.translate(_CONTROL)


def local_time(text: str | None, zone: str) -> str:
    """A time of the JSON (RFC 3339, UTC) as people in the zone read it, to the second, with the zone's name of that day."""
    return "never" if text is None else f"{datetime.fromisoformat(text).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S %Z}"


class Bar:
    """One line of progress on stderr, from `patience` seconds on and only on a terminal; elsewhere nothing at all."""

    def __init__(self, label: str, total: float | None, patience: float) -> None:
        self._console = stderr()
        self._label, self._total = label, total
        self._appears = monotonic() + patience if self._console.is_terminal else float("inf")
        self._progress: Progress | None = None
        self._task = TaskID(0)

    def update(self, completed: float, *, total: float | None = None) -> None:
        """Say how far it is, in the unit of `total`."""
        self._total = total if total is not None else self._total
        if self._progress is None and monotonic() >= self._appears:
            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(show_speed=True),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._label, total=self._total)
        if self._progress is not None:
            self._progress.update(self._task, completed=completed, total=self._total)

    def close(self) -> None:
        """Take the line away."""
        if self._progress is not None:
            self._progress.stop()


@contextmanager
def progress(label: str, total: float | None = None, *, patience: float = PATIENCE) -> Iterator[Bar]:
    """A bar that appears when the wait gets long."""
    bar = Bar(label, total, patience)
    try:
        yield bar
    finally:
        bar.close()
