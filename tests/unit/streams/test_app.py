"""The Faust app, before anything is started."""

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import faust
import pytest
from pydantic import SecretStr

from events.log.kafka import KafkaLog
from events.log.sqlite import SqliteLog
from events.settings import LogSettings
from events.topics import SOURCE_TOPICS
from projections.tables.memory import MemoryStore
from streams.app import make_app
from streams.ingest import Ingest
from streams.settings import WorkerSettings
from streams.target import Target
from streams.transport import batches, sqlite
from streams.transport.batches import BatchApp, BatchSchema
from streams.transport.credentials import credentials
from streams.worker import broker_url
from tests.unit.streams.memory_log import MemoryLog


@pytest.fixture
async def app_at() -> AsyncIterator[Callable[..., BatchApp]]:
    """Makes the app for the log at an address."""
    made: list[BatchApp] = []

    def make(broker: str, **settings: Any) -> BatchApp:
        worker, log = WorkerSettings(**settings), MemoryLog()
        never_asked: Any = None
        ingest = Ingest(never_asked, MemoryStore(), log, worker, target=Target(never_asked), generation=never_asked, fail=never_asked)
        made.append(make_app(ingest, broker, worker, LogSettings(), log, group="g-3"))
        return made[-1]

    yield make
    for app in made:
        if isinstance(app.consumer, batches.Consumer):
            app.consumer._thread.thread_loop.close()  # of a thread that was never started


async def test_there_is_one_agent_for_each_source_topic_and_all_are_batched(app_at: Callable[..., BatchApp]) -> None:
    app = app_at("batched://127.0.0.1:9092")
    assert sorted(app.agents) == sorted(f"tally.{topic}" for topic in SOURCE_TOPICS)
    channels: list[Any] = [agent.channel for agent in app.agents.values()]
    assert sorted(name for channel in channels for name in channel.topics) == sorted(SOURCE_TOPICS)
    assert all(isinstance(channel.schema, BatchSchema) for channel in channels)


async def test_the_settings_on_which_exactness_and_speed_stand(app_at: Callable[..., BatchApp]) -> None:
    conf = app_at("batched://127.0.0.1:9092", max_batch=9, session_timeout=6, worker_id="w-1").conf
    assert (conf.id, conf.consumer_group_instance_id) == ("g-3", "w-1")
    assert conf.table_standby_replicas == 1
    assert conf.consumer_auto_offset_reset == "earliest"
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval, conf.consumer_metadata_max_age_ms) == (6, 2, 5000)
    assert not app_at("batched://127.0.0.1:9092").in_transaction
    assert (conf.stream_wait_empty, conf.topic_disable_leader, conf.topic_allow_declare, conf.web_enabled) == (False, True, False, False)


async def test_the_address_chooses_the_transport(app_at: Callable[..., BatchApp]) -> None:
    kafka, embedded = app_at("batched://127.0.0.1:9092"), app_at("tallylog:///srv/log.db")
    assert (type(kafka.transport), type(embedded.transport)) == (batches.Transport, sqlite.Transport)
    assert (kafka.source is None, embedded.source is None) == (True, False)


async def test_no_folder_is_made(app_at: Callable[..., BatchApp], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app_at("batched://127.0.0.1:9092")._create_directories()
    assert not any(os.scandir(tmp_path))


def test_the_log_says_where_faust_finds_it(tmp_path: Path) -> None:
    with KafkaLog("one:9092,two:9093") as log:
        assert broker_url(log) == "batched://one:9092;batched://two:9093"
    with SqliteLog(tmp_path / "log.db") as file:
        assert broker_url(file) == f"tallylog://{tmp_path}/log.db"


def test_in_plain_text_there_are_no_credentials() -> None:
    assert credentials(LogSettings()) is None


@pytest.mark.parametrize(("protocol", "encrypted"), [("SASL_PLAINTEXT", False), ("SASL_SSL", True)])
def test_a_password_reaches_faust(protocol: Any, encrypted: bool) -> None:
    settings = LogSettings(
        kafka_security_protocol=protocol,
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_sasl_username="tally",
        kafka_sasl_password=SecretStr("secret"),
    )
    found = credentials(settings)
    assert isinstance(found, faust.SASLCredentials)
    assert (found.username, found.password, found.mechanism.value, found.protocol.value) == ("tally", "secret", "SCRAM-SHA-512", protocol)
    assert (found.ssl_context is not None) == encrypted


def test_tls_checks_the_host_unless_told_otherwise() -> None:
    for checked in (True, False):
        found = credentials(LogSettings(kafka_security_protocol="SSL", kafka_ssl_check_hostname=checked))
        assert isinstance(found, faust.SSLCredentials)
        assert found.context.check_hostname == checked
