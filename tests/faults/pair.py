"""A log, a Redis of its own, and workers between them: what the fault tests break."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import Final, Self

import redis

from events.log.opening import open_log
from events.log.record import NewRecord, Record
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from projections import generations
from projections.dump import dump
from projections.moments import Moment
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.redis import RedisStore
from streams.verify import verify
from tests.faults import mailer
from tests.faults.processes import positions, refold, until
from tests.faults.zygote import Fork, Zygote

PARTITIONS: Final = 4
_CHUNK: Final = 100
_PAUSE: Final = 0.05
_groups = count()


@contextmanager
def publishing(address: str, seed: int = 0) -> Iterator[None]:
    """Meanwhile records come into the log, some thousand a second."""
    stop = Event()

    def publish() -> None:
        records = mailer.records(seed)
        with open_log(LogSettings(log=address)) as log:
            while not stop.is_set():
                log.append(list(islice(records, _CHUNK)))
                sleep(_PAUSE)

    thread = Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Pair:
    """The log at `address`, which has 4 partitions, or else an SQLite log, and a Valkey in `folder`. All that was started ends with it.

    `mutant`: what is wrong with the workers.
    """

    def __init__(self, folder: Path, zygote: Zygote, mutant: str | None = None, address: str | None = None) -> None:
        self.folder = folder
        self.address = address or f"sqlite:///{folder}/log.db"
        self._zygote = zygote
        self._mutant = mutant
        self._forks: list[Fork] = []
        with ExitStack() as stack:
            self.log = stack.enter_context(open_log(LogSettings(log=self.address)))
            self.redis = stack.enter_context(EmbeddedRedis(folder / "redis"))
            self.client = stack.enter_context(redis.Redis.from_url(self.redis.url))
            self.store = stack.enter_context(RedisStore(self.redis.url))
            stack.callback(self._end_all)
            self._stack = stack.pop_all()
        self.environment = {
            "TALLY_LOG": self.address,
            "TALLY_REDIS": self.redis.url,
            "TALLY_GROUP": f"pair-{next(_groups)}",
            "TALLY_SESSION_TIMEOUT": "6",
            "TALLY_PROGRESS_INTERVAL": "0.5",
            "TALLY_MAX_BATCH": "300",
        }

    def start(self, *arguments: str, settings: Mapping[str, str] | None = None, moment: Moment | None = None, count: int = 1) -> Fork:
        """A worker; with a moment it dies there."""
        return self.begin("live", *arguments, settings=settings, moment=moment, count=count)

    def begin(
        self,
        action: str,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        moment: Moment | None = None,
        count: int = 1,
    ) -> Fork:
        """A process that carries out any action of `tests.faults.forked`."""
        log = self.folder / f"{action}-{len(self._forks)}.log"
        environment = {**self.environment, **(settings or {})}
        fork = self._zygote.start(action, environment, *arguments, log=log, moment=moment, count=count, mutant=self._mutant)
        self._forks.append(fork)
        return fork

    def publish(self, number: int, seed: int = 0) -> None:
        self.append(mailer.take(number, seed))

    def append(self, records: list[NewRecord]) -> None:
        self.log.append(records)

    def records(self) -> Iterator[Record]:
        """All that is in the log."""
        for topic in SOURCE_TOPICS:
            for partition in range(PARTITIONS):
                offset = 0
                while found := self.log.read(topic, partition, offset, 5000):
                    yield from found
                    offset = found[-1].offset + 1

    @property
    def applied(self) -> int:
        """How many records are."""
        return sum(self._positions().values())

    def moves_on(self, records: int = 1500) -> None:
        """So many records more are applied."""
        before = self.applied
        until(lambda: self.applied >= before + records, 20, lambda: f"{records} records more than {before} applied")

    def is_applied(self) -> None:
        """The workers come to the log's end."""
        total = sum(self.log.ends(SOURCE_TOPICS).values())
        until(lambda: self.applied == total, 20, lambda: f"{self.applied} of {total} records applied")

    def is_exact(self) -> None:
        """They do, and the store is then what the log says: folded anew, and recounted in another way."""
        self.is_applied()
        self.is_exact_so_far()
        assert verify(self.store, self.log).differences == []

    def is_exact_so_far(self) -> None:
        """The store is what the log says up to the stored positions, while nothing is written."""
        expected = asyncio.run(refold(self.log, self._positions()))
        assert dump(self.store, PARTITIONS, self._generation or 1) == expected

    @property
    def _generation(self) -> int | None:
        active = generations.active(self.store)
        return None if active is None else active.number

    def _positions(self) -> dict[tuple[str, int], int]:
        return positions(self.store, PARTITIONS, self._generation or 1)

    def _end_all(self) -> None:
        for fork in self._forks:
            fork.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()
