"""What tests need of the machine: a real Kafka, a real Valkey, and Debian's Redis 7.0 where it is installed, both of these also as a
cluster of three; and a browser.

What is not to be had is skipped, loudly and counted; a setting makes it mandatory instead:
TALLY_TEST_REQUIRE_KAFKA=1, TALLY_TEST_REQUIRE_REDIS7=1, TALLY_TEST_REQUIRE_BROWSER=1.
"""

import os
import shutil
import signal
import warnings
from collections import Counter
from collections.abc import Iterator
from time import monotonic, sleep
from typing import NoReturn

import pytest
import redis
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from bench.browser import PROGRAMS, program
from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.kafka_jars import jars, java
from events.settings import LogSettings
from events.shared_process import ServerError
from events.topics import TOPICS
from projections.tables.embedded_redis import EmbeddedRedis
from tests.cluster import LocalCluster

PARTITIONS = 4
_MISSING = "NOT TESTED, "
_KAFKA_IS_MISSING = "{}; remedy: install the extra, see that Maven Central can be reached, and run the tests again"
_REDIS_IS_MISSING = "no redis-server on PATH; remedy: apt-get install redis-server"
_BROWSER_IS_MISSING = f"none of {', '.join(PROGRAMS)} on PATH; remedy: apt-get install chromium"


def _missing(what: str, reason: str) -> NoReturn:
    if os.environ.get(f"TALLY_TEST_REQUIRE_{what.upper()}") == "1":
        pytest.fail(f"{what} is mandatory here: {reason}", pytrace=False)
    pytest.skip(f"{_MISSING}{what}: {reason}")


def pytest_configure(config: pytest.Config) -> None:
    _heed_signals()
    _ignore_sockets(config)


def _heed_signals() -> None:
    """Who starts the tests in the background, or by nohup, may have had these signals ignored, for every process that tests start too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _ignore_sockets(config: pytest.Config) -> None:
    """kafka-python leaves the sockets of connections that failed to the garbage collector; they have no address of their own yet."""
    message = r"unclosed <socket\.socket .* laddr=\('0\.0\.0\.0'"
    config.addinivalue_line("filterwarnings", f"ignore:{message}:ResourceWarning")
    warnings.filterwarnings("ignore", message, ResourceWarning)  # what is collected after the last test


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Count what was skipped for want of a server or a browser."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()) if isinstance(report.longrepr, tuple)]
    for reason, count in Counter(reason.partition(_MISSING)[2] for reason in reasons if _MISSING in reason).items():
        terminalreporter.write_line(f"{count} tests were {_MISSING}{reason}", yellow=True, bold=True)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One real Kafka node for the whole run. Who kills it starts it again."""
    try:
        java(), jars()
    except ServerError as error:
        _missing("kafka", _KAFKA_IS_MISSING.format(error))
    with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), train=True) as kafka:
        yield kafka


@pytest.fixture
def kafka_log(kafka: EmbeddedKafka) -> Iterator[KafkaLog]:
    """The log on that Kafka, its topics made anew with 4 partitions. Such tests run one after another: the names are fixed."""
    remake_topics(kafka.bootstrap, PARTITIONS)
    with KafkaLog(kafka.bootstrap, LogSettings(kafka_timeout=10)) as log:
        yield log


@pytest.fixture
def kafka_outage(kafka: EmbeddedKafka, kafka_log: KafkaLog) -> Iterator[EmbeddedKafka]:
    """The same Kafka with fresh topics, for a test that kills it; it is started again afterwards."""
    yield kafka
    kafka.start()


def remake_topics(bootstrap: str, partitions: int) -> None:
    """Delete and create the topics. A deletion takes its time to become known, so both are tried until they are."""
    deadline = monotonic() + 20
    with KafkaAdminClient(bootstrap_servers=bootstrap) as admin:
        names = {topic.name for topic in TOPICS}
        while present := names & set(admin.list_topics()):
            try:
                admin.delete_topics(sorted(present))
            except KafkaError:
                assert monotonic() < deadline, f"the topics {present} were not deleted"
                sleep(0.05)
    with KafkaLog(bootstrap, LogSettings(kafka_timeout=10)) as log:
        log.create_topics(partitions)
        log.check_topics(partitions)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="session")
def redis7_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis7"), server=_redis7()) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with LocalCluster(tmp_path_factory.mktemp("valkey-cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def redis7_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    with LocalCluster(tmp_path_factory.mktemp("redis7-cluster"), server=_redis7()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def browser_program() -> str:
    """The path of a browser: that of the distribution, as none is ever downloaded."""
    return program() or _missing("browser", _BROWSER_IS_MISSING)


def _redis7() -> str:
    return shutil.which("redis-server") or _missing("redis7", _REDIS_IS_MISSING)


@pytest.fixture
def valkey(valkey_server: EmbeddedRedis) -> str:
    """The url of an empty Valkey."""
    return _emptied(valkey_server)


@pytest.fixture
def redis7(redis7_server: EmbeddedRedis) -> str:
    """The url of an empty Redis 7.0, which is the floor of the commands that may be used."""
    return _emptied(redis7_server)


@pytest.fixture
def valkey_cluster(valkey_nodes: LocalCluster) -> str:
    """The url of a node of an empty cluster of Valkey."""
    return valkey_nodes.emptied().url


@pytest.fixture
def redis7_cluster(redis7_nodes: LocalCluster) -> str:
    """The url of a node of an empty cluster of Redis 7.0."""
    return redis7_nodes.emptied().url


def _emptied(server: EmbeddedRedis) -> str:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return server.url
