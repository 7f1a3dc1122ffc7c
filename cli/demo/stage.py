"""What runs during a demo: a log, a Redis, a worker, a web server, all in one folder; and what can be done with them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, Final

from cli.console import progress
from cli.demo.dashboard import Dashboard, serving
from cli.demo.ending import Ending
from cli.demo.folder import KAFKA, REDIS
from cli.demo.process import Process, running
from cli.rooms import open_reader
from events.log.opening import open_log
from events.log.port import Log
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from projections.settings import RedisSettings
from projections.tables.opening import redis_url

if TYPE_CHECKING:
    from rich.console import RenderableType

    from events.publisher import Publisher
    from projections.overview import Overview
    from projections.tables.reader import Reader

_POLL: Final = 0.1
_BETWEEN_UPDATES: Final = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """`zone` is the one of the tables; everything else is running. `dashboard` is None if none was asked for."""

    log: Log
    publisher: "Publisher"
    reader: "Reader"
    worker: Process
    dashboard: Dashboard | None
    ending: Ending
    account: str
    zone: str

    def publish(self, events: Iterable[dict[str, Any]], expected: float) -> None:
        """Publish a history of about `expected` events, and wait until all are in the log. Raises `LogError`, `PublishError`."""
        with progress("Publishing", expected, patience=0) as bar:
            remaining, published = iter(events), 0
            while some := self.tell(islice(remaining, _BETWEEN_UPDATES)):
                published += some
                bar.update(published)
            self.publisher.flush()

    def tell(self, events: Iterable[dict[str, Any]]) -> int:
        """Publish events without waiting until they are in the log; returns how many."""
        told = 0
        with self.ending.put_off():
            for event in events:
                self.publisher.publish(event)
                told += 1
                self.ending.check()
        return told

    def check(self) -> None:
        """Raises `Failure` if something that has to run has ended."""
        self.worker.check()
        if self.dashboard is not None:
            self.dashboard.check()

    def catch_up(self) -> "Overview":
        """Wait until the worker has applied all that is in the log now. Raises `Failure` if something ends before."""
        ends = self.log.ends(SOURCE_TOPICS)
        total = sum(ends.values())
        with progress("Projecting", total, patience=0) as bar:
            while True:
                self.check()
                found = self.overview()
                left = sum(max(0, ends[lane.topic, lane.partition] - lane.applied) for lane in found.partitions)
                bar.update(total - left)
                if not left:
                    return found
                sleep(_POLL)

    def overview(self) -> "Overview":
        """Where everything stands now."""
        from projections.overview import overview

        return overview(self.reader, self.log, self.account)

    def draw(self, name: str, subject: str | None = None) -> "RenderableType":
        """A report as of now, as a table."""
        from cli.tables import draw
        from projections.reports import report

        found = report(name, self.reader, account=self.account, subject=subject, ends=self.log.ends(SOURCE_TOPICS))
        return draw(name, found.model_dump(), self.zone)


@contextmanager
def open_stage(folder: Path, settings: RedisSettings, ending: Ending, *, kafka: bool, port: int | None) -> Iterator[Stage]:
    """Start everything in the folder; at the end everything is stopped, Redis last. `settings` give account and time zone.

    `port`: where the dashboard is to be found, unless it is taken; None for none.
    """
    redis = settings.model_copy(update={"redis": f"embedded:///{folder / REDIS}"})
    log_settings = LogSettings(log=f"kafka+embedded:///{folder / KAFKA}" if kafka else f"sqlite:///{folder / 'log.db'}")
    environment = {
        "TALLY_LOG": log_settings.log,
        "TALLY_REDIS": redis.redis,
        "TALLY_ACCOUNT": redis.account,
        "TALLY_TIMEZONE": redis.timezone,
    }
    with ExitStack() as stack:
        log = stack.enter_context(open_log(log_settings))
        log.create_topics(log_settings.partitions, log_settings.replication)
        stack.enter_context(redis_url(redis.redis))
        with ending.put_off():
            dashboard = None if port is None else stack.enter_context(serving(environment, folder, port))
            worker = stack.enter_context(running("worker", ["worker"], environment, folder / "worker.log"))
        # What takes a while to import, while they start.
        from events.publisher import Publisher
        from projections.overview import partitions_of

        reader = stack.enter_context(open_reader(redis, partitions_of(log)))
        yield Stage(log, Publisher(log), reader, worker, dashboard, ending, redis.account, redis.timezone)
