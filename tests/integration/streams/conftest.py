"""A worker on an embedded log and a real Valkey, empty for each test."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from events.log.sqlite import SqliteLog
from projections.tables.redis import RedisStore
from tests.faults.processes import WorkerProcess

PARTITIONS = 4
Start = Callable[..., WorkerProcess]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log:
        yield log


@pytest.fixture
def store(valkey: str) -> Iterator[RedisStore]:
    with RedisStore(valkey) as store:
        yield store


@pytest.fixture
def start(log: SqliteLog, valkey: str, tmp_path: Path) -> Iterator[Start]:
    """Starts a worker, which ends with the test: `start(*arguments, settings={name: value})`."""
    environment = {
        "TALLY_LOG": f"sqlite:///{tmp_path}/log.db",
        "TALLY_REDIS": valkey,
        "TALLY_PROGRESS_INTERVAL": "0.5",
        "TALLY_MAX_BATCH": "300",
    }
    with ExitStack() as stack:

        def begin(*arguments: str, settings: Mapping[str, str] | None = None) -> WorkerProcess:
            return stack.enter_context(WorkerProcess(tmp_path, {**environment, **(settings or {})}, *arguments))

        yield begin
