"""The worker of a demo, in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cli.failure import Failure

_GRACE: Final = 10.0
"""Seconds that a worker gets to finish the batch in hand."""


class WorkerProcess:
    """A running `tally worker`, with `settings` (TALLY_...) added to our own environment; what it says goes to `journal`."""

    def __init__(self, settings: Mapping[str, str], journal: Path) -> None:
        self._journal = journal
        with journal.open("ab") as output:
            # A session of its own, because Ctrl-C is for us alone to answer; and an end of its input that closes however we end.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "worker", "--attached"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env={**os.environ, **settings},
                start_new_session=True,
            )

    def check(self) -> None:
        """Raises `Failure` if the worker has ended."""
        if self._process.poll() is not None:
            lines = [line.strip() for line in self._journal.read_text(errors="replace").splitlines() if line.strip()]
            raise Failure(
                f"the worker ended with exit code {self._process.returncode}: {lines[-1] if lines else 'no word'} (see {self._journal})"
            )

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


@contextmanager
def running_worker(settings: Mapping[str, str], journal: Path) -> Iterator[WorkerProcess]:
    """A worker until the end of the block."""
    worker = WorkerProcess(settings, journal)
    try:
        yield worker
    finally:
        worker.stop()
