"""The whole path, with the commands as people type them: one stream in three orders, through SQLite and through Kafka, one dump."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cli.demo.company import Company
from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from projections.dump import Dump, dump
from projections.tables.redis import RedisStore
from tests.conftest import PARTITIONS
from tests.folding import folded

UNTIL = 1_750_000_000_000
ORDERS = ("as it happened", "backwards", "shuffled, with repetitions")
Event = dict[str, Any]


@pytest.fixture(scope="module")
def history() -> list[Event]:
    return list(Company(7, 120, until=UNTIL).history())


@pytest.fixture(scope="module")
def expected(history: list[Event]) -> Dump:
    return plain(dump(folded(history), PARTITIONS))


def in_order(history: list[Event], order: str) -> list[Event]:
    """The history in another order of arrival. Profiles are a table, where the last record counts, so contact events keep theirs."""
    events = list(history)
    if order == "backwards":
        events.reverse()
    elif order == "shuffled, with repetitions":
        random = Random(11)
        events += random.sample([event for event in events if not is_profile(event)], k=len(events) // 10)
        random.shuffle(events)
    profiles = iter([event for event in history if is_profile(event)])
    return [next(profiles) if is_profile(event) else event for event in events]


def is_profile(event: Mapping[str, Any]) -> bool:
    return str(event["type"]).startswith("contact.")


def plain(dumped: Dump) -> Dump:
    """The dump as JSON reads it back: tuples are lists."""
    loaded: Dump = json.loads(json.dumps(dumped))
    return loaded


@pytest.fixture
def sqlite_address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/log.db"


@pytest.fixture
def kafka_address(kafka_log: KafkaLog, kafka: EmbeddedKafka) -> str:
    return f"kafka://{kafka.bootstrap}"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("log", ["sqlite_address", "kafka_address"])
def test_one_stream_ends_in_one_dump(
    log: str, order: str, history: list[Event], expected: Dump, valkey: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    group = f"same-numbers-{ORDERS.index(order)}"
    settings = {"TALLY_LOG": request.getfixturevalue(log), "TALLY_REDIS": valkey, "TALLY_GROUP": group}
    events = in_order(history, order)
    half = len(events) // 2
    for number, part in enumerate((events[:half], events[half:])):  # the second worker goes on where the first has stopped
        file = tmp_path / f"{number}.jsonl"
        file.write_text("".join(json.dumps(event) + "\n" for event in part))
        tally(settings, "publish", str(file))
        tally(settings, "worker", "--drain")
    with RedisStore(valkey) as store:
        assert expected == plain(dump(store, PARTITIONS))


def tally(settings: Mapping[str, str], *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TALLY_")} | dict(settings)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments], env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
