"""What runs during a demo: a log, a Redis, a worker, all in one folder; and what can be done with them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any, Final

from rich.console import RenderableType

from cli.console import progress
from cli.demo.folder import KAFKA, REDIS
from cli.demo.worker_process import WorkerProcess, running_worker
from cli.rooms import open_reader
from cli.standing import Standing, partitions_of, standing
from cli.tables import draw
from events.log.opening import open_log
from events.log.port import Log
from events.publisher import Publisher
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from projections.reports import report
from projections.settings import RedisSettings
from projections.tables.reader import Reader

_POLL: Final = 0.1
_BETWEEN_UPDATES: Final = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """`zone` is the one of the tables; everything else is running."""

    log: Log
    publisher: Publisher
    reader: Reader
    worker: WorkerProcess
    account: str
    zone: str

    def publish(self, events: Iterable[dict[str, Any]], expected: float) -> None:
        """Publish a history of about `expected` events, and wait until all are in the log. Raises `LogError`, `PublishError`."""
        with progress("Publishing", expected, patience=0) as bar:
            for published, event in enumerate(events):
                self.publisher.publish(event)
                if published % _BETWEEN_UPDATES == 0:
                    bar.update(published)
            self.publisher.flush()

    def catch_up(self) -> Standing:
        """Wait until the worker has applied all that is in the log now. Raises `Failure` if it ends before."""
        ends = self.log.ends(SOURCE_TOPICS)
        total = sum(ends.values())
        with progress("Projecting", total, patience=0) as bar:
            while True:
                self.worker.check()
                found = self.standing()
                left = sum(max(0, ends[lane.topic, lane.partition] - lane.applied) for lane in found.partitions)
                bar.update(total - left)
                if not left:
                    return found
                sleep(_POLL)

    def standing(self) -> Standing:
        """Where everything stands now."""
        return standing(self.reader, self.log, self.account)

    def draw(self, name: str, subject: str | None = None) -> RenderableType:
        """A report as of now, as a table."""
        found = report(name, self.reader, account=self.account, subject=subject, ends=self.log.ends(SOURCE_TOPICS))
        return draw(name, found.model_dump(), self.zone)


@contextmanager
def open_stage(folder: Path, settings: RedisSettings, *, kafka: bool) -> Iterator[Stage]:
    """Start everything in the folder; at the end everything is stopped, the worker first. `settings` give account and time zone."""
    redis = settings.model_copy(update={"redis": f"embedded:///{folder / REDIS}"})
    log_settings = LogSettings(log=f"kafka+embedded:///{folder / KAFKA}" if kafka else f"sqlite:///{folder / 'log.db'}")
    environment = {"TALLY_LOG": log_settings.log, "TALLY_REDIS": redis.redis, "TALLY_ACCOUNT": redis.account}
    with ExitStack() as stack:
        log = stack.enter_context(open_log(log_settings))
        log.create_topics(log_settings.partitions, log_settings.replication)
        reader = stack.enter_context(open_reader(redis, partitions_of(log)))
        worker = stack.enter_context(running_worker(environment, folder / "worker.log"))
        yield Stage(log, Publisher(log), reader, worker, redis.account, redis.timezone)
