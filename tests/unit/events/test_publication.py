import json
import os
import re
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from events.log.port import Acknowledge, Log, LogUnavailable
from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.publication import Progress, Publication, RefusedLine, publish_lines
from events.publisher import PublishError
from events.refusal import Reason
from events.topics import CONTACT, EMAIL, TOPICS


def opening(log: Log) -> Callable[[], AbstractContextManager[Log]]:
    """Opens this log, and leaves it open."""
    return lambda: nullcontext(log)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with SqliteLog(tmp_path / "log.db", 4) as log:
        yield log


def line(number: int, **changes: object) -> bytes:
    event = {
        "specversion": "1.0",
        "type": "email.opened",
        "source": "mailer",
        "id": f"e-{number}",
        "time": "2026-03-02T09:00:00Z",
        "data": {"contact_id": f"c-{number % 7}", "message_id": "m-1"},
        **changes,
    }
    return json.dumps(event).encode()


def stored(log: SqliteLog) -> list[bytes | None]:
    return [record.value for topic in TOPICS for partition in range(4) for record in log.read(topic.name, partition, 0, 100_000)]


class Pipe:
    """Gives bytes through a real pipe, which cannot be read twice."""

    def __init__(self, content: bytes) -> None:
        self._read, write = os.pipe()
        self._writer = threading.Thread(target=self._write, args=(write, content))

    @staticmethod
    def _write(file: int, content: bytes) -> None:
        with os.fdopen(file, "wb") as pipe:
            pipe.write(content)

    def __enter__(self) -> BinaryIO:
        self._writer.start()
        self._file = os.fdopen(self._read, "rb")
        return self._file

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self._writer.join()


@pytest.mark.parametrize("skip_invalid", [False, True])
@pytest.mark.parametrize("from_pipe", [False, True])
def test_good_lines_are_written_byte_for_byte_to_the_topic_of_each(log: SqliteLog, from_pipe: bool, skip_invalid: bool) -> None:
    contact = line(1, type="contact.updated", data={"contact_id": "c-1", "name": "Ada"})
    odd = json.dumps(json.loads(line(2)), indent=None, separators=(" ,  ", " : ")).encode()
    content = b"\n".join([line(0), b"", contact, b"   ", b"  " + odd + b" \r", line(3)])
    with Pipe(content) if from_pipe else BytesIO(content) as lines:
        assert publish_lines(lines, opening(log), skip_invalid=skip_invalid) == Publication(4, 0, ())
    assert sorted(filter(None, stored(log))) == sorted([line(0), contact, odd, line(3)])
    assert sum(log.ends([EMAIL]).values()) == 3
    assert [record.key for partition in range(4) for record in log.read(CONTACT, partition, 0, 10)] == [b"default/c-1"]


BAD = b"\n".join([line(0), b"{", line(1), b"", line(2, type="email.eaten"), line(3)]) + b"\n"
REFUSALS = (
    RefusedLine(2, Reason.NOT_JSON, "Expecting property name enclosed in double quotes at character 1"),
    RefusedLine(5, Reason.UNKNOWN_TYPE, 'type: no event type is named "email.eaten"'),
)


@pytest.mark.parametrize("from_pipe", [False, True])
def test_one_bad_line_refuses_the_whole_and_nothing_is_written(log: SqliteLog, from_pipe: bool) -> None:
    heard: list[RefusedLine] = []
    with Pipe(BAD) if from_pipe else BytesIO(BAD) as lines:
        outcome = publish_lines(lines, opening(log), on_refusal=heard.append)
    assert (outcome.accepted, outcome.refused) == (0, 2)
    assert [(each.line, each.reason) for each in outcome.refusals] == [(each.line, each.reason) for each in REFUSALS]
    assert (tuple(heard), stored(log)) == (outcome.refusals, [])


@pytest.mark.parametrize("from_pipe", [False, True])
def test_skip_invalid_writes_the_good_lines(log: SqliteLog, from_pipe: bool) -> None:
    with Pipe(BAD) if from_pipe else BytesIO(BAD) as lines:
        outcome = publish_lines(lines, opening(log), skip_invalid=True)
    assert (outcome.accepted, [each.line for each in outcome.refusals]) == (3, [2, 5])
    assert sorted(filter(None, stored(log))) == [line(0), line(1), line(3)]


def test_skip_invalid_writes_before_the_stream_has_ended(log: SqliteLog) -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as lines:
        publishing = threading.Thread(target=publish_lines, args=(lines, opening(log)), kwargs={"skip_invalid": True})
        publishing.start()
        os.write(write, line(0) + b"\n")
        while not stored(log):
            pass
        os.close(write)
        publishing.join()
    assert stored(log) == [line(0)]


def test_a_file_is_published_from_where_it_stands(log: SqliteLog) -> None:
    lines = BytesIO(line(0) + b"\n" + line(1))
    lines.readline()
    assert publish_lines(lines, opening(log)) == Publication(1, 0, ())
    assert stored(log) == [line(1)]


@pytest.mark.parametrize("content", [b"", b"\n\n  \n"])
def test_nothing_to_publish_is_no_error(log: SqliteLog, content: bytes) -> None:
    assert publish_lines(BytesIO(content), opening(log)) == Publication(0, 0, ())


def test_a_byte_order_mark_is_passed_over(log: SqliteLog) -> None:
    assert publish_lines(BytesIO(b"\xef\xbb\xbf" + line(0)), opening(log)).accepted == 1
    assert stored(log) == [line(0)]


def test_a_line_too_long_is_refused_and_the_next_one_is_read(log: SqliteLog) -> None:
    largest = line(1)[:-1] + b' , "x": "' + b"x" * (65_536 - len(line(1)) - 10) + b'"}'
    assert len(largest) == 65_536
    lines = [b"x" * 65_537, largest, b"x" * 1_000_000, line(2), b"y" * 66_560 + b" " * 10, line(3)]
    outcome = publish_lines(BytesIO(b"\n".join(lines)), opening(log), skip_invalid=True)
    assert (outcome.accepted, [(each.line, each.reason) for each in outcome.refusals]) == (
        3,
        [(number, Reason.TOO_LARGE) for number in (1, 3, 5)],
    )
    assert sorted(filter(None, stored(log))) == sorted([largest, line(2), line(3)])


class Endless:
    """A line of 50 MB, given out as it is asked for."""

    def __init__(self) -> None:
        self._left = 50_000_000

    def readline(self, size: int) -> bytes:
        given = min(size, self._left)
        self._left -= given
        return b"x" * given


def test_a_line_too_long_needs_no_memory_of_its_length(log: SqliteLog) -> None:
    tracemalloc.start()
    outcome = publish_lines(Endless(), opening(log), skip_invalid=True)  # type: ignore[arg-type]  # all that is asked of it is readline
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcome.refused == 1
    assert peak < 2_000_000


def test_of_many_refused_lines_a_hundred_are_kept_and_all_reported(log: SqliteLog) -> None:
    heard: list[int] = []
    outcome = publish_lines(BytesIO(b"{\n" * 250), opening(log), on_refusal=lambda refused: heard.append(refused.line))
    assert (outcome.refused, len(outcome.refusals), heard) == (250, 100, list(range(1, 251)))


def test_progress_is_told_by_stage_lines_and_bytes(log: SqliteLog) -> None:
    content = b"\n".join(line(number) for number in range(6_000))
    told: list[Progress] = []
    publish_lines(BytesIO(content), opening(log), on_progress=told.append)
    assert [(each.stage, each.lines) for each in told] == [("judging", 5_000), ("judging", 6_000), ("writing", 5_000), ("writing", 6_000)]
    assert told[-1].bytes == len(content)


class FailingLog(SqliteLog):
    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        acknowledge(LogUnavailable("the disk is full"))


def test_lines_that_the_log_does_not_acknowledge_are_not_accepted(tmp_path: Path) -> None:
    with FailingLog(tmp_path / "log.db") as log:
        done = publish_lines(BytesIO(line(0) + b"\n" + line(1)), opening(log))
    assert done.accepted == 0
    assert isinstance(done.failure, PublishError)
    assert re.search(r"2 events were not acknowledged .*the disk is full", str(done.failure))
