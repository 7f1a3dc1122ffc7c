"""The worker process: waits for log and store, runs the app, tells how it goes, and ends as it should."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from threading import Timer
from typing import Final

from aiokafka.errors import KafkaError

import projections
from events.log.opening import open_log
from events.log.port import Log, LogError
from events.log.sqlite import SqliteLog
from events.quarantine.dead_letter import DeadLetter
from events.settings import LogSettings
from events.shared_process import ServerError
from events.topics import SOURCE_TOPICS
from projections.generations import Generation
from projections.settings import RedisSettings
from projections.tables.boot import check
from projections.tables.opening import redis_url
from projections.tables.redis import RedisWritableStore
from projections.tables.store import StoreError, WritableStore
from streams.announcer import Announcer
from streams.app import make_app
from streams.drain import Drain
from streams.health import Health
from streams.ingest import Ingest
from streams.metrics import Meters
from streams.patience import Patience
from streams.positions import HoleInLog
from streams.probes import PortTaken, answering
from streams.projector import NO_FAILURES, FailureLimits, Projector
from streams.quarantine import QuarantineWriter
from streams.settings import WorkerSettings
from streams.target import Target, live, rebuilding
from streams.threads import in_thread
from streams.transport.batches import BatchApp
from streams.watch import Watch
from streams.watchdog import Stuck

logger = logging.getLogger("tally.worker")

_DRAIN_POLL: Final = 0.05
_REDIS_TIMEOUT: Final = 30.0
_FAREWELL: Final = 5.0
_NOISY: Final = ("faust", "mode", "aiokafka", "kafka", "streams.transport")


class WorkerFailed(Exception):
    """The worker cannot go on; the message is one line and names the remedy where there is one."""


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A generation to be written in place of the active one, by workers of which each has some partitions to itself.

    Nothing happens beside the tables: no dead letter is written again. A record that our own code cannot take ends the worker.
    """

    number: int
    partitions: frozenset[int]

    @property
    def name(self) -> str:
        """Of this part of the work, for the consumer group and the lock of its own."""
        return f"rebuild-{self.number}-{min(self.partitions)}"


def run_worker(
    log_settings: LogSettings,
    redis_settings: RedisSettings,
    settings: WorkerSettings,
    *,
    drain: bool = False,
    rebuild: Rebuild | None = None,
) -> int:
    """Project the log into Redis until SIGTERM or SIGINT, or with `drain` until all that is in the log now is applied.

    Returns the exit code: 0, or 1 after a failure, whose reason is the last line logged. Blocks; call it in the main thread.
    """
    log_to_stderr()
    collect_rarely()
    try:
        asyncio.run(Worker(log_settings, redis_settings, settings, drain=drain, rebuild=rebuild).run())
    except WorkerFailed as failure:
        logger.error("%s", failure)
        return 1
    return 0


def collect_rarely() -> None:
    """Have the garbage collector look less often at what stays anyway: it costs time that the events need."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def log_to_stderr() -> None:
    """Our own lines from INFO on, and of Faust and the drivers only warnings. What was set up before stays."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))


class Worker:
    """One worker in the running event loop. `projector`: what makes the projector, for tests that break it."""

    def __init__(
        self,
        log_settings: LogSettings,
        redis_settings: RedisSettings,
        settings: WorkerSettings,
        *,
        drain: bool = False,
        rebuild: Rebuild | None = None,
        projector: Callable[..., Projector] = Projector,
    ) -> None:
        self._log_settings = log_settings
        self._redis_settings = redis_settings
        self._settings = settings
        self._drain = drain
        self._rebuild = rebuild
        self._make_projector = projector
        self._patience = Patience(settings.progress_interval)
        self._meters = Meters()
        self._health = Health(settings.stuck_after)
        self._stop = asyncio.Event()
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Until a signal, or the end of the drain. Raises `WorkerFailed`."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        work = asyncio.create_task(self._answering())
        stopped = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        except (LogError, StoreError, HoleInLog, ServerError, KafkaError, PortTaken, OSError) as error:
            raise WorkerFailed(str(error)) from error
        if self._failure is not None:
            raise WorkerFailed(str(self._failure)) from self._failure

    def stop(self) -> None:
        """End as after SIGTERM: finish the batches in hand, and leave."""
        self._stop.set()

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = self._health.failure = error
            if isinstance(error, Stuck):
                _leave_anyway(error)
        self.stop()

    async def _answering(self) -> None:
        """Work, and answer those who ask how it goes; not so for a rebuild, whose processes have the settings of a worker beside them."""
        with ExitStack() as stack:
            host, port = self._settings.metrics_host, self._settings.metrics_port
            if port is not None and self._rebuild is None:
                health, beat = self._health, asyncio.create_task(self._health.beat())
                stack.callback(beat.cancel)
                answers = answering(host, port, self._meters.registry, healthz=health.alive, readyz=health.ready)
                logger.info("answering http://%s:%d/metrics, /healthz and /readyz", host, stack.enter_context(answers))
            await self._work()

    async def _work(self) -> None:
        async with AsyncExitStack() as stack:
            log = await self._patience.ask(f"the log {self._log_settings.log}", lambda: in_thread(partial(open_log, self._log_settings)))
            stack.push_async_callback(_farewell, log.close)
            check_topics = partial(log.check_topics, self._log_settings.asked_partitions)
            await self._patience.ask(f"the log {self._log_settings.log}", lambda: in_thread(check_topics))
            partitions = await in_thread(partial(log.partitions, SOURCE_TOPICS[0]))
            store = await self._open_store(stack)
            target = await self._patience.ask("Redis", lambda: self._aim(store, partitions))
            generation = await self._patience.ask("Redis", target.enter)
            drain = await Drain.begin(log, store, target) if self._drain else None
            if drain is not None and await self._patience.ask("Redis", drain.is_done):
                await self._patience.ask("the log", partial(drain.check_log, allow_gaps=self._settings.allow_gaps))
                logger.info("nothing to drain: all %d records of the log are applied", drain.total)
                return
            await self._project(log, store, target, generation, drain)

    async def _aim(self, store: WritableStore, partitions: int) -> Target:
        if self._rebuild is None:
            return live(store, partitions, self._redis_settings.shards)
        return await rebuilding(store, self._rebuild.number, self._rebuild.partitions)

    async def _open_store(self, stack: AsyncExitStack) -> WritableStore:
        server = redis_url(self._redis_settings.redis)
        url = await self._patience.ask("Redis", lambda: in_thread(server.__enter__))
        stack.push_async_callback(_farewell, lambda: server.__exit__(None, None, None))
        logger.info("the fold runs %s", projections.FORM)
        store = RedisWritableStore(url, _REDIS_TIMEOUT)
        stack.push_async_callback(store.aclose)
        for warning in await self._patience.ask("Redis", lambda: check(store)):
            logger.warning("%s", warning)
        return store

    async def _project(self, log: Log, store: WritableStore, target: Target, generation: Generation, drain: Drain | None) -> None:
        settings, rebuild = self._settings, self._rebuild
        projector = self._make_projector(
            store,
            generation=generation.number,
            shards=generation.shards,
            quarantine=QuarantineWriter(log) if rebuild is None else _written_already,
            limits=FailureLimits(settings.failures_in_a_row, settings.failures_share) if rebuild is None else NO_FAILURES,
            contacts_held=settings.contacts_held,
            meters=self._meters,
            **({"tell": Announcer(store).tell} if rebuild is None else {}),
        )
        ingest = Ingest(projector, store, log, settings, target=target, generation=generation, fail=self._fail)
        group, lock = (settings.group, "worker") if rebuild is None else (f"{settings.group}-{rebuild.name}", rebuild.name)
        app = make_app(ingest, broker_url(log), settings, self._log_settings, log, group=group, lock=lock)
        watch = self._watch(ingest, log, store)
        watching = asyncio.create_task(watch.run())
        watching.add_done_callback(self._watched)
        try:
            await app.start()
            if drain is None:
                await app.wait_until_stopped()
            else:
                await self._until_drained(app, drain)
        finally:
            await ingest.close()
            watch.close()
            stopping = asyncio.create_task(app.stop())
            if (await asyncio.wait({stopping}, timeout=_FAREWELL))[1]:
                # Faust takes leave of the brokers, and if they are away, for as long. Nothing depends on it.
                _leave_anyway(self._failure)
            else:
                stopping.result()
            await asyncio.wait({watching}, timeout=_FAREWELL)
        if app.crash_reason is not None:
            raise WorkerFailed(f"Faust has crashed: {type(app.crash_reason).__name__}: {app.crash_reason}") from app.crash_reason

    async def _until_drained(self, app: BatchApp, drain: Drain) -> None:
        while not app.should_stop:
            if await self._patience.ask("Redis", drain.is_done):
                logger.info("drained: all %d records that were in the log are applied", drain.total)
                return
            await asyncio.sleep(_DRAIN_POLL)

    def _watched(self, watching: asyncio.Task[None]) -> None:
        if not watching.cancelled() and (error := watching.exception()) is not None:
            self._fail(WorkerFailed(f"the watch over the worker has failed: {type(error).__name__}: {error}"))

    def _watch(self, ingest: Ingest, log: Log, store: WritableStore) -> Watch:
        return Watch(
            ingest,
            log,
            store,
            self._settings,
            self._meters,
            self._health,
            worker_id=self._settings.worker_id if self._rebuild is None else None,
            commit_timeout=_REDIS_TIMEOUT + self._log_settings.kafka_timeout,
            fail=self._fail,
        )


def broker_url(log: Log) -> str:
    """Where Faust finds the log."""
    if isinstance(log, SqliteLog):
        return f"tallylog://{log.path}"
    from events.log.kafka import KafkaLog  # takes a while to import, which nobody on SQLite need wait for

    if isinstance(log, KafkaLog):
        return ";".join(f"batched://{address}" for address in log.bootstrap.split(","))
    raise LogError(f"no transport for a {type(log).__name__}")


async def _written_already(_letters: Sequence[DeadLetter]) -> None:
    """A rebuild counts dead letters and writes none: they lie in the quarantine since the records were first read."""


def _leave_anyway(error: Exception | None) -> None:
    """End the program though the stop may hang: a consumer that does not deliver may not let go either."""

    def leave() -> None:
        if error is not None:
            logger.error("%s", error)
        os._exit(0 if error is None else 1)

    leaving = Timer(2 * _FAREWELL, leave)
    leaving.daemon = True
    leaving.start()


async def _farewell(close: Callable[[], object]) -> None:
    """Close, but not for ever: what hangs must not keep a stopped worker from ending."""
    with suppress(TimeoutError):
        await asyncio.wait_for(in_thread(close), _FAREWELL)
