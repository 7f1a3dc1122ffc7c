"""The log in one SQLite file: for one machine, any number of publishing and reading processes, nothing to install."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from time import time_ns
from typing import Any, Self

import msgspec

from events.log.appending import send_and_wait
from events.log.group_commit import GroupCommit, Sent
from events.log.port import Acknowledge, LogError, LogUnavailable, TopicError
from events.log.record import Appended, Headers, NewRecord, Record
from events.log.sqlite_file import MAX_PARTITIONS, connect, failure, insert, prepare, table, transaction
from events.partitioner import partition_for
from events.topics import TOPICS

_pack_headers = msgspec.msgpack.Encoder().encode
_unpack_headers = msgspec.msgpack.Decoder(Headers).decode
_STRETCH = 50_000  # records that are looked through at once; between two stretches other threads may read


def _now() -> int:
    return time_ns() // 1_000_000


class SqliteLog:
    """The log in the file `path`, which is made, with `partitions` partitions for every topic, when it is not there.

    The number of partitions is fixed from then on: another one raises `TopicError`, None takes what the file has (4 for a new one).
    `timeout`: seconds that another process may hold the file before `LogUnavailable`. `clock`: milliseconds since 1970 UTC, for the
    stamps. Safe to use from many threads.
    """

    def __init__(self, path: Path | str, partitions: int | None = None, *, timeout: float = 30.0, clock: Callable[[], int] = _now) -> None:
        if partitions is not None and not 1 <= partitions <= MAX_PARTITIONS:
            raise TopicError(f"partitions must be 1 to {MAX_PARTITIONS}, not {partitions}")
        self.path = Path(path).absolute()
        self._timeout = timeout
        self._clock = clock
        self._names = frozenset(topic.name for topic in TOPICS)
        self._reader = connect(self.path, timeout)
        self._reading = Lock()
        self._closed = False
        try:
            self._partitions = prepare(self._reader, self.path, partitions)
        except BaseException:
            self._reader.close()
            raise
        self._writer: sqlite3.Connection | None = None
        self._commits = GroupCommit(self._commit, self._close_writer)

    def create_topics(self, partitions: int, replication: int = 1) -> list[str]:  # noqa: ARG002  one file, one copy
        """Every topic is made with the file, so none is ever absent:

        checks the count, and returns []. `replication` is of no account here.
        """
        self.check_topics(partitions)
        return []

    def check_topics(self, partitions: int | None = None) -> None:
        with self._reading:
            self._refuse_when_closed()
            prepare(self._reader, self.path, partitions)

    def partitions(self, topic: str) -> int:
        if topic not in self._names:
            raise TopicError(f"no such topic: {topic!r}; the topics are {', '.join(sorted(self._names))}")
        return self._partitions

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        """Queue the record for the next commit. `acknowledge` runs in the committing thread: keep it short. Waits while 2 MB are queued."""
        partition = partition_for(record.key, self.partitions(record.topic))
        if not isinstance(record.value, bytes | None):
            raise TypeError(f"the value of a record is bytes or None, not {type(record.value).__name__}")
        self._commits.put(Sent(partition, record, acknowledge))

    def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        return send_and_wait(self, records, None)  # a commit ends by itself: with `timeout` at the latest

    def flush(self, timeout: float | None = None) -> None:
        if not self._commits.flush(timeout):
            raise LogUnavailable(
                f"{self._commits.pending} records were not in the log {self.path} after {timeout:g} s; flush again to wait on"
            )

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        return self._records('"offset" >= ? ORDER BY "offset" LIMIT ?', topic, partition, offset, max(limit, 0))

    def read_key(self, topic: str, partition: int, key: bytes, start: int, end: int) -> list[Record]:
        where = '"offset" >= ? AND "offset" < ? AND key = ? ORDER BY "offset"'
        found: list[Record] = []
        for first in range(start, end, _STRETCH):
            found += self._records(where, topic, partition, first, min(first + _STRETCH, end), key)
        return found

    def begin(self, topic: str, partition: int) -> int:
        return int(self._ask('SELECT coalesce(min("offset"), 0) FROM {}', topic, partition)[0][0])

    def end(self, topic: str, partition: int) -> int:
        return int(self._ask('SELECT coalesce(max("offset") + 1, 0) FROM {}', topic, partition)[0][0])

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        return {(topic, partition): self.end(topic, partition) for topic in topics for partition in range(self.partitions(topic))}

    def close(self) -> None:
        self._commits.close()
        with self._reading:
            self._closed = True
            self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise LogError(f"the log {self.path} is closed: open it again to use it")

    def _records(self, where: str, topic: str, partition: int, *parameters: int | bytes) -> list[Record]:
        question = f'SELECT "offset", timestamp, key, value, headers FROM {{}} WHERE {where}'
        return [
            Record(topic, partition, at, stamp, key, value, () if headers is None else _unpack_headers(headers))
            for at, stamp, key, value, headers in self._ask(question, topic, partition, *parameters)
        ]

    def _ask(self, question: str, topic: str, partition: int, *parameters: int | bytes) -> list[Any]:
        if not 0 <= partition < self.partitions(topic):
            raise TopicError(f"{topic} has no partition {partition}; it has 0 to {self._partitions - 1}")
        with self._reading:
            self._refuse_when_closed()
            try:
                return self._reader.execute(question.format(table(topic, partition)), parameters).fetchall()
            except sqlite3.Error as error:
                raise failure("cannot read", self.path, error) from error

    def _commit(self, batch: Sequence[Sent]) -> list[Appended]:
        """Write the batch in one transaction. Runs in the committing thread."""
        lanes: dict[tuple[str, int], list[int]] = {}
        for index, sent in enumerate(batch):
            lanes.setdefault((sent.record.topic, sent.partition), []).append(index)
        places: dict[int, Appended] = {}
        try:
            self._writer = self._writer or connect(self.path, self._timeout)
            with transaction(self._writer):
                for (topic, partition), indices in lanes.items():
                    start, stamp = self._next(self._writer, topic, partition)
                    rows = []
                    for offset, index in enumerate(indices, start):
                        record = batch[index].record
                        rows.append((offset, stamp, record.key, record.value, _pack_headers(record.headers) if record.headers else None))
                        places[index] = Appended(partition, offset)
                    insert(self._writer, topic, partition, rows)
        except sqlite3.Error as error:
            self._close_writer()  # the next batch begins anew, whatever state this one left
            raise failure("not stored in", self.path, error) from error
        return [places[index] for index in range(len(batch))]

    def _next(self, writer: sqlite3.Connection, topic: str, partition: int) -> tuple[int, int]:
        """The next offset of the partition, and its stamp: a clock that is set back does not turn time back within a partition."""
        last = writer.execute(f'SELECT "offset", timestamp FROM {table(topic, partition)} ORDER BY "offset" DESC LIMIT 1').fetchone()
        return (0, self._clock()) if last is None else (last[0] + 1, max(last[1], self._clock()))

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
