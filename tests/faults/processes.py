"""Workers as processes of their own, to be killed, paused and woken, and what the store must hold after them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

from events.log.port import Log
from events.topics import SOURCE_TOPICS
from projections.dump import Dump, dump
from projections.tables.memory import MemoryStore
from projections.tables.redis import RedisStore
from streams.projector import Batch
from tests.folding import Folding


class WorkerProcess:
    """A worker in a process, from `start` on. What it logs is in `log`."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
        number = len(list(folder.glob("worker-*.log")))
        self._log = folder / f"worker-{number}.log"
        self._log.touch()
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error::ResourceWarning", "-m", "tests.faults.worker_process", *arguments],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment},
                cwd=folder,
                stdout=output,
                stderr=output,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, timeout: float = 30) -> int:
        """The exit code."""
        return self._process.wait(timeout)

    def until_logged(self, text: str, timeout: float = 30) -> None:
        until(lambda: text in self.log or not self.is_running, timeout, lambda: f"{text!r} in the log:\n{self.log}")
        assert text in self.log

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.is_running:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
        self._process.wait()


def until(condition: Callable[[], Any], timeout: float = 30, what: Callable[[], str] = lambda: "the condition") -> None:
    """Wait for something to come true."""
    deadline = monotonic() + timeout
    while not condition():
        assert monotonic() < deadline, f"not within {timeout:g} s: {what()}"
        sleep(0.02)


def applied(store: RedisStore, partitions: int) -> int:
    """The sum of the stored positions: how many records have been applied."""
    return sum(positions(store, partitions).values())


def positions(store: RedisStore, partitions: int, generation: int = 1) -> dict[tuple[str, int], int]:
    """The stored positions of a generation."""
    fields = [f"offset:{topic}" for topic in SOURCE_TOPICS]
    answers = store.read([("HMGET", f"tally:{{{generation}.0}}:partition:{number}", *fields) for number in range(partitions)])
    return {
        (topic, number): int(offset or 0)
        for number, offsets in enumerate(answers)
        for topic, offset in zip(SOURCE_TOPICS, offsets, strict=True)
    }


async def refold(log: Log, until: Mapping[tuple[str, int], int] | None = None) -> Dump:
    """The canonical dump of the log, or of what lies before some offsets, folded anew in this process, partition by partition."""
    folding = Folding()
    partitions = log.partitions(SOURCE_TOPICS[0])
    for topic in SOURCE_TOPICS:
        for partition in range(partitions):
            start, end = 0, log.end(topic, partition) if until is None else until[topic, partition]
            while start < end and (records := [record for record in log.read(topic, partition, start, 5000) if record.offset < end]):
                next_offset = records[-1].offset + 1
                await folding.projector.apply(Batch(topic, partition, start, next_offset, records))
                start = next_offset
    assert isinstance(folding.store, MemoryStore)
    return dump(folding.store, partitions)
