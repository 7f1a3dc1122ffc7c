"""Commits kept back until a test lets them go, so that what is to come between a fold and its commit does come there."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.faults.processes import until
from tests.faults.zygote import Fork


class Hold:
    """Of the workers that are started with `settings`. Nothing is kept back until `begin`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def settings(self) -> Mapping[str, str]:
        return {"FAULT": "held", "HOLD": str(self._file)}

    def begin(self, worker: Fork, partitions: set[int]) -> None:
        """From now on a worker comes as far as its commits, and no further. Returns when it has one of each of these partitions in hand."""
        self._file.touch()
        until(lambda: self.held_by(worker) >= partitions, 30, lambda: f"{partitions} held, and not {self.held_by(worker)} alone")

    def end(self) -> None:
        """What was kept back is committed."""
        self._file.unlink()

    def held_by(self, worker: Fork) -> set[int]:
        """The partitions of which a worker has kept a commit back."""
        return {int(number) for number in re.findall(r"holding the commit of partition (\d+)", worker.log)}
