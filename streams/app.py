"""The Faust app: the settings of Faust, and one agent for each source topic."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

from faust.tables.manager import TableManager
from faust.types import StreamT

from events.log.port import Log
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from streams.ingest import Ingest
from streams.settings import WorkerSettings
from streams.transport import sqlite as _registers_tallylog  # noqa: F401  Faust finds a transport by its registration
from streams.transport.batches import BatchApp, BatchConsumer, BatchSchema, RecordBatch
from streams.transport.credentials import credentials


class _NoTables(TableManager):
    """Faust's own waits for a second at every start, for tables to be declared. There are none."""

    mundane_level = "debug"

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


def make_app(
    ingest: Ingest, broker: str, settings: WorkerSettings, log_settings: LogSettings, log: Log, *, group: str, lock: str = "worker"
) -> BatchApp:
    """The app that reads the source topics at `broker` (`batched://...` or `tallylog://...`) for `ingest`, in a consumer group.

    `lock`: the name under which it is the only one to read an SQLite log.

    To be made in a running event loop.
    """
    app = BatchApp(
        group,
        broker=broker,
        broker_credentials=credentials(log_settings),
        broker_commit_interval=settings.commit_interval,
        broker_session_timeout=settings.session_timeout,
        broker_heartbeat_interval=settings.heartbeat_interval,
        consumer_group_instance_id=settings.worker_id,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=settings.fetch_bytes,
        # A topic made while the worker runs is seen soon.
        consumer_metadata_max_age_ms=5000,
        # Delivery may repeat; the fence of the commit makes it exactly once.
        processing_guarantee="at_least_once",
        # A stop does not wait for agents with empty hands; `Ingest.close` waits for the others.
        stream_wait_empty=False,
        stream_buffer_maxsize=settings.waiting_batches,
        # There are no tables. But only with a standby replica does Faust use its own assignor, which keeps equal partition numbers of
        # all topics on one worker; without, aiokafka's round robin tears them apart, and workers refuse each other's commits for ever.
        table_standby_replicas=1,
        TableManager=_NoTables,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        autodiscover=False,
    )
    app.lock = lock
    app.load_positions = ingest.load_positions
    app.max_batch = settings.batch_size
    app.source = log if broker.startswith("tallylog:") else None
    for topic in SOURCE_TOPICS:
        app.agent(app.topic(topic, schema=BatchSchema()), name=f"tally.{topic}")(_agent(ingest))
    ingest.consumer = cast(BatchConsumer, app.consumer)
    return app


def _agent(ingest: Ingest) -> Callable[[StreamT[Any]], Awaitable[None]]:
    async def apply(batches: StreamT[Any]) -> None:
        batch: RecordBatch
        async for batch in cast(AsyncIterator[RecordBatch], batches):
            await ingest.take(batch)

    return apply
