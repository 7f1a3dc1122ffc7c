"""The embedded log for Faust: the same batches as from Kafka, so that the agents are the same code.

`tallylog:///PATH` names the file; what is read is `BatchApp.source`. There is no consumer group: one worker holds all partitions, and a
lock file beside the log keeps a second one out. It is freed by the system however the worker ends.
"""
# ruff: noqa: ARG002, ASYNC109  the signatures are Faust's

import asyncio
import fcntl
import os
from collections.abc import Iterable, Mapping
from time import monotonic
from typing import Any, ClassVar

from faust.transport import base
from faust.transport.drivers import TRANSPORTS
from faust.types import TP
from faust.types.transports import ConsumerT, ProducerT
from yarl import URL

from events.log.port import Log, LogError, LogUnavailable
from events.log.record import Record
from streams.transport.batches import BatchConsumer, Fetched

_SHORTEST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05
_REPORT_EVERY = 5.0


class WorkerLock:
    """The right to be the one worker of the log at `path` under a name."""

    def __init__(self, path: str, name: str) -> None:
        self._log = path
        self._path = f"{path}.{name}"
        self._file: int | None = None

    def acquire(self) -> None:
        """Raises `LogError` when another process has it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(file, 20).decode() or "unknown"
            os.close(file)
            raise LogError(
                f"another worker (process {owner}) already reads the log {self._log}, and an SQLite log serves one: "
                "stop it first, or set TALLY_LOG=kafka://HOST:PORT for several workers"
            ) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def release(self) -> None:
        """The file stays: removing it would let two workers lock two files of one name."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Consumer(BatchConsumer):
    """Reads `BatchApp.source` by polling in a thread: every few milliseconds while there is work, every 50 ms while there is none."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lock = WorkerLock(_path(self.transport.url), self.app.lock)
        self._assigned: set[TP] = set()
        self._position: dict[TP, int] = {}
        self._pause = _SHORTEST_PAUSE
        self._reported = 0.0

    @property
    def source(self) -> Log:
        if self.app.source is None:
            raise LogError("the app has no log to read: set BatchApp.source")
        return self.app.source

    async def on_start(self) -> None:
        self._lock.acquire()
        await super().on_start()

    async def on_stop(self) -> None:
        await super().on_stop()
        self._lock.release()

    async def subscribe(self, topics: Iterable[str]) -> None:
        names = sorted(topics)
        counts = await asyncio.to_thread(lambda: {name: self.source.partitions(name) for name in names})
        # Not awaited: the assignment waits for the conductor, which is waiting for us.
        assigned = {TP(name, partition) for name, count in counts.items() for partition in range(count)}
        self._assigning = self.add_future(self._assign(assigned))

    async def _assign(self, assigned: set[TP]) -> None:
        """The one rebalance there is, by the steps by which a driver of Kafka reports one."""
        self.app.on_rebalance_start()
        await self.on_partitions_revoked(set())
        self._assigned = assigned
        self.app.consumer_generation_id += 1
        await self.on_partitions_assigned(assigned, self.app.consumer_generation_id)

    async def fetch(self, active: set[TP] | None, timeout: float) -> Mapping[TP, Fetched]:
        wanted = {tp: self._position[tp] for tp in active or () if tp in self._position}
        epochs = {tp: self._epoch[tp] for tp in wanted}
        try:
            fetched = await asyncio.to_thread(self._read, wanted)
        except LogUnavailable as error:
            self._report(error)
            await self.sleep(_LONGEST_PAUSE)
            return {}
        for tp, records in fetched.items():
            if self._epoch[tp] == epochs[tp]:  # else it was sought meanwhile
                self._position[tp] = records[-1].offset + 1
        if fetched:
            self._pause = _SHORTEST_PAUSE
        else:
            await self.sleep(self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return {tp: Fetched(epochs[tp], records) for tp, records in fetched.items()}

    def _read(self, positions: Mapping[TP, int]) -> dict[TP, list[Record]]:
        found = ((tp, self.source.read(tp.topic, tp.partition, offset, self.app.max_batch)) for tp, offset in positions.items())
        return {tp: records for tp, records in found if records}

    def _report(self, error: LogUnavailable) -> None:
        if monotonic() - self._reported > _REPORT_EVERY:
            self._reported = monotonic()
            self.log.warning("waiting for the log: %s", error)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        for tp, offset in partitions.items():
            self._position[tp] = offset

    async def _seek(self, partition: TP, offset: int) -> None:
        await self.seek_wait({partition: offset})

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Nothing to do: the positions are stored with what was applied, and there is nobody to display a lag to."""
        return True

    def assignment(self) -> set[TP]:
        return self._assigned

    async def position(self, tp: TP) -> int | None:
        return self._position.get(tp)

    def highwater(self, tp: TP) -> int:
        """Faust asks this for every message, for its own statistics: the position is near enough."""
        return self._position.get(tp, 0)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        return await asyncio.to_thread(lambda: {tp: self.source.end(tp.topic, tp.partition) for tp in partitions})

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        return await asyncio.to_thread(lambda: {tp: self.source.begin(tp.topic, tp.partition) for tp in partitions})

    def topic_partitions(self, topic: str) -> int | None:
        return self.source.partitions(topic)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        return partition  # only asked of an app that publishes, and ours publishes through the log

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Never called: topics are made with the log."""


class Transport(base.Transport):
    """`tallylog:///PATH`"""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = base.Producer
    default_port = 0
    driver_version = "tallylog"


def _path(urls: list[URL]) -> str:
    return urls[0].path


TRANSPORTS.aliases["tallylog"] = f"{__name__}:Transport"
