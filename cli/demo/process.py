"""What runs beside a demo, each in a process of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.failure import Failure

_GRACE: Final = 10.0
"""Seconds that a worker gets to finish the batch in hand."""


class Process:
    """A running verb of `tally`, with `settings` (TALLY_...) added to our own environment; what it says goes to `journal`.

    `name` is what people call it.
    """

    def __init__(self, name: str, words: Sequence[str], settings: Mapping[str, str], journal: Path) -> None:
        self._name = name
        self._journal = journal
        with journal.open("wb") as output:
            # A session of its own, because Ctrl-C is for us alone to answer; and an end of its input that closes however we end.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", *words, "--attached"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, **settings},
                start_new_session=True,
            )

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def check(self) -> None:
        """Raises `Failure` if it has ended."""
        if self.has_ended:
            raise Failure(f"the {self._name} ended with exit code {self._process.returncode}: {self.last_words()} (see {self._journal})")

    def said(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first thing of this kind that it has said."""
        return pattern.search(self._said())

    def last_words(self) -> str:
        """The last line that it has said."""
        lines = [line.strip() for line in self._said().splitlines() if line.strip()]
        return lines[-1].removeprefix("tally: ") if lines else "no word"

    def stop(self) -> None:
        """End it, in order if it can be had."""
        self._process.terminate()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _said(self) -> str:
        return self._journal.read_text(errors="replace")


@contextmanager
def running(name: str, words: Sequence[str], settings: Mapping[str, str], journal: Path) -> Iterator[Process]:
    """A process until the end of the block."""
    process = Process(name, words, settings, journal)
    try:
        yield process
    finally:
        process.stop()
