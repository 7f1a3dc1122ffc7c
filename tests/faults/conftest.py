"""Workers between a log and a Redis, for each test: a Kafka with fresh topics and an empty Valkey, or a pair of its own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from events.log.embedded_kafka import EmbeddedKafka
from projections.tables.redis import RedisStore
from tests.faults.hold import Hold
from tests.faults.pair import Pair
from tests.faults.zygote import Fork, Zygote

Start = Callable[..., Fork]
_numbers = count()


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("zygote")) as zygote:
        yield zygote


@pytest.fixture
def pair(tmp_path: Path, zygote: Zygote, mutant: str | None) -> Iterator[Pair]:
    """The embedded pair: an SQLite log and a Valkey."""
    with Pair(tmp_path, zygote, mutant) as pair:
        yield pair


@pytest.fixture
def environment(kafka: EmbeddedKafka, valkey: str) -> dict[str, str]:
    """The settings of the workers of a test."""
    return {
        "TALLY_LOG": f"kafka://{kafka.bootstrap}",
        "TALLY_REDIS": valkey,
        "TALLY_GROUP": f"test-{next(_numbers)}",
        "TALLY_SESSION_TIMEOUT": "6",
        "TALLY_PROGRESS_INTERVAL": "1",
        "TALLY_MAX_BATCH": "500",
    }


@pytest.fixture
def store(valkey: str) -> Iterator[RedisStore]:
    with RedisStore(valkey) as store:
        yield store


@pytest.fixture
def hold(tmp_path: Path) -> Hold:
    """Keeps commits back."""
    return Hold(tmp_path / "hold")


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path, zygote: Zygote, mutant: str | None) -> Iterator[Start]:
    """Starts a worker, which ends with the test: `start(*arguments, settings={name: value})`."""
    with ExitStack() as stack:
        numbers = count()

        def begin(*arguments: str, settings: Mapping[str, str] | None = None) -> Fork:
            log = tmp_path / f"worker-{next(numbers)}.log"
            fork = zygote.start("live", {**environment, **(settings or {})}, *arguments, log=log, mutant=mutant)
            stack.callback(fork.end)
            return fork

        yield begin
