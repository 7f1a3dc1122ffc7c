"""Logs that promise what they do not keep, and workers that believe any log.

What is of Kafka is imported where it is needed: it takes a while, which most tests need not wait for.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from events.log import sqlite
from events.log.group_commit import GroupCommit, Sent
from events.log.port import Acknowledge, TopicError
from events.log.record import Appended, NewRecord
from events.log.sqlite_file import connect
from events.topics import SOURCE_TOPICS
from streams import drain, ingest, positions
from tests.faults.broken import Set, nothing

_HELD_BACK: Final = 0.5


def holes_ignored(set_: Set) -> None:
    for room in (ingest, drain, positions):
        set_(room, "check_log", nothing)
    set_(ingest, "check_follows", lambda *_: None)


def another_log_taken(set_: Set) -> None:
    set_(positions, "check_same_log", lambda *_: None)


def acknowledged_too_early(set_: Set) -> None:
    from events.log.kafka import KafkaLog

    stored: Any = GroupCommit._store

    def store(self: GroupCommit, batch: Sequence[Sent]) -> None:
        for sent in batch:
            sent.acknowledge(Appended(sent.partition, 0))
        sleep(0.05)
        stored(self, [sent._replace(acknowledge=lambda _: None) for sent in batch])

    set_(GroupCommit, "_store", store)
    send = KafkaLog.send
    held: deque[tuple[float, NewRecord]] = deque()

    def send_later(self: KafkaLog, record: NewRecord, acknowledge: Acknowledge) -> None:
        acknowledge(Appended(0, 0))
        held.append((monotonic(), record))
        while held[0][0] < monotonic() - _HELD_BACK:
            send(self, held.popleft()[1], lambda _: None)

    set_(KafkaLog, "send", send_later)


def topics_not_checked(set_: Set) -> None:
    from events.log.kafka import KafkaLog

    set_(KafkaLog, "check_topics", lambda *_: None)


def absent_topics_are_empty(set_: Set) -> None:
    from events.log.kafka import KafkaLog

    topics_not_checked(set_)
    partitions, begin, ends = KafkaLog.partitions, KafkaLog.begin, KafkaLog.ends

    def is_there(self: KafkaLog, topic: str) -> bool:
        try:
            return bool(partitions(self, topic))
        except TopicError:
            return False

    def counted(self: KafkaLog, topic: str) -> int:
        return partitions(self, topic if is_there(self, topic) else SOURCE_TOPICS[0])

    def answered(self: KafkaLog, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        found = ends(self, [topic for topic in topics if is_there(self, topic)])
        places = [(topic, partition) for topic in topics for partition in range(counted(self, topic))]
        return {place: found.get(place, 0) for place in places}

    set_(KafkaLog, "partitions", counted)
    set_(KafkaLog, "begin", lambda self, topic, partition: begin(self, topic, partition) if is_there(self, topic) else 0)
    set_(KafkaLog, "ends", answered)


def locked_is_an_error(set_: Set) -> None:
    def connect_impatiently(path: Path, _timeout: float) -> Any:
        return connect(path, 0)

    set_(sqlite, "connect", connect_impatiently)
