"""Every test of this folder runs on both logs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from events.log.kafka import KafkaLog
from events.log.port import Log
from events.log.sqlite import SqliteLog
from events.settings import LogSettings
from tests.conftest import PARTITIONS

OpenLog = Callable[[], Log]


@pytest.fixture(params=["sqlite", "kafka"])
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenLog]:
    """Opens one and the same log, empty at first, as often as it is called."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            yield lambda: opened.enter_context(SqliteLog(tmp_path / "log.db", PARTITIONS))
        else:
            request.getfixturevalue("kafka_log")
            bootstrap = request.getfixturevalue("kafka").bootstrap
            yield lambda: opened.enter_context(KafkaLog(bootstrap, LogSettings(kafka_timeout=10)))


@pytest.fixture
def log(open_again: OpenLog) -> Log:
    return open_again()
