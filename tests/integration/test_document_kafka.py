"""The snippets of the documents that need a Kafka, against a real one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from tests.plugins.documents import Block, blocks, documents
from tests.unit.project.test_documents import environment, execute

_NEED = "needs a Kafka at localhost:9092"
_ADDRESS = "localhost:9092"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, because a unix socket in it has to have a path of at most 107 bytes."""
    with TemporaryDirectory(prefix="tally-") as name:
        yield Path(name)


def kafka_blocks(document: Path, bootstrap: str) -> list[Block]:
    return [replace(block, text=block.text.replace(_ADDRESS, bootstrap)) for block in blocks(document) if block.left_out == _NEED]


def test_some_document_needs_kafka() -> None:
    assert [document.name for document in documents() if kafka_blocks(document, "")] == ["events.md", "operate.md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_the_code_that_needs_kafka_runs(document: Path, kafka: EmbeddedKafka, kafka_log: KafkaLog, folder: Path) -> None:
    for block in kafka_blocks(document, kafka.bootstrap):
        execute(block, folder)


def test_what_another_client_published_is_counted(kafka: EmbeddedKafka, kafka_log: KafkaLog, folder: Path) -> None:
    """The events of docs/events.md, one structured and one binary: the reply concerns the enrollment it falls into."""
    for block in kafka_blocks(next(path for path in documents() if path.name == "events.md"), kafka.bootstrap):
        execute(block, folder)
    told = subprocess.run(
        [sys.executable, "-m", "cli.main", "report", "analyze", "--format", "json", "--log", f"kafka://{kafka.bootstrap}"],
        cwd=folder,
        env={**os.environ, **environment()},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    report = json.loads(told.stdout)
    assert (report["enrollments"]["started"], report["rates"]["reply"]["numerator"], report["as_of"]["lag"]) == (1, 1, 0)
