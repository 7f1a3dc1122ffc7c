"""Workers between a Kafka with fresh topics and an empty Redis, for each test."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from events.log.embedded_kafka import EmbeddedKafka
from projections.tables.redis import RedisStore
from tests.faults.processes import WorkerProcess

Start = Callable[..., WorkerProcess]
_numbers = count()


@pytest.fixture
def environment(kafka: EmbeddedKafka, valkey: str) -> dict[str, str]:
    """The settings of the workers of a test."""
    return {
        "TALLY_LOG": f"kafka://{kafka.bootstrap}",
        "TALLY_REDIS": valkey,
        "TALLY_GROUP": f"test-{next(_numbers)}",
        "TALLY_SESSION_TIMEOUT": "6",
        "TALLY_REPORT_INTERVAL": "1",
        "TALLY_MAX_BATCH": "500",
    }


@pytest.fixture
def store(valkey: str) -> Iterator[RedisStore]:
    with RedisStore(valkey) as store:
        yield store


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts a worker, which ends with the test: `start(*arguments, settings={name: value})`."""
    with ExitStack() as stack:

        def begin(*arguments: str, settings: Mapping[str, str] | None = None) -> WorkerProcess:
            return stack.enter_context(WorkerProcess(tmp_path, {**environment, **(settings or {})}, *arguments))

        yield begin
