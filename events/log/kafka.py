"""The log in Apache Kafka, by kafka-python."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from threading import Condition, RLock
from time import monotonic, sleep
from typing import Any, Self

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, Serializer, TopicPartition
from kafka.errors import KafkaError, RetriableError

from events.log import kafka_topics
from events.log.appending import send_and_wait
from events.log.kafka_connection import CREATE_COMMAND, connect, connection, meaning, translated
from events.log.port import Acknowledge, LogError, LogUnavailable, TopicError
from events.log.record import Appended, NewRecord, Record
from events.log.scanning import scan
from events.partitioner import partition_for
from events.settings import LogSettings
from events.topics import LARGEST_DEAD_LETTER

_WAITING_BYTES = 32 << 20  # kafka-python itself would buffer without bound
_RECORD_OVERHEAD = 200
_LINGER = 5  # milliseconds
_OFFSETS_UNKNOWN_PAUSE = 0.05  # seconds
_LARGEST_REQUEST = LARGEST_DEAD_LETTER
_FETCH_BYTES = 8 << 20
_FETCH_BYTES_FOR_FEW = 64 << 10
_FEW = 10  # records: to ask for them must not bring megabytes of what follows them
_POLL = 100  # milliseconds

_NULL = object()


class _NullValues(Serializer):  # type: ignore[misc]  # kafka-python has no types
    """Lets a null value pass without a key: kafka-python would refuse it, but a quarantined record is written as it came."""

    def serialize(self, topic: str, headers: Any, data: Any) -> bytes | None:  # noqa: ARG002  the signature is kafka-python's
        return None if data is _NULL else data


class KafkaLog:
    """The log on the brokers at `bootstrap` (host:port[,host:port...]).

    Connects when first used; brokers that do not answer within `kafka_timeout` raise `LogUnavailable`. Writes wait for all in-sync copies
    and are idempotent: a resend by the client itself doubles no record. A record whose acknowledgement failed may still have been stored.
    Safe to use from many threads.
    """

    def __init__(self, bootstrap: str, settings: LogSettings | None = None) -> None:
        self.bootstrap = bootstrap
        self._settings = settings or LogSettings()
        self._options = connection(bootstrap, self._settings)
        self._timeout = self._settings.kafka_timeout
        self._opening = RLock()
        self._reading = RLock()
        self._producer: KafkaProducer | None = None
        self._producer_failed = False
        self._consumers: dict[int, KafkaConsumer] = {}  # by the bytes that they fetch of a partition at once
        self._next: dict[int, tuple[TopicPartition, int]] = {}  # where each of them stands
        self._counts: dict[str, int] = {}
        self._changed = Condition(RLock())
        self._acknowledges: dict[int, Acknowledge] = {}  # of what has not ended yet
        self._waiting: dict[int, int] = {}  # bytes of what has not ended yet, or whose sender is just being told
        self._waiting_bytes = 0
        self._numbers = count()
        self._acknowledging = threading.local()
        self._closed = False

    def create_topics(self, partitions: int, replication: int = 1) -> list[str]:
        with translated(self.bootstrap), self._admin() as admin:
            return kafka_topics.create(admin, partitions, replication)

    def check_topics(self, partitions: int | None = None) -> None:
        with translated(self.bootstrap), self._admin() as admin:
            if faults := kafka_topics.faults(admin, self.bootstrap, partitions):
                raise TopicError("; ".join(faults))

    def partitions(self, topic: str) -> int:
        if topic not in self._counts:
            with translated(self.bootstrap), self._reading:
                partitions = self._reader().partitions_for_topic(topic)
            if not partitions:
                raise TopicError(f"Kafka at {self.bootstrap} has no topic {topic!r}; make the topics with: {CREATE_COMMAND}")
            self._counts[topic] = len(partitions)
        return self._counts[topic]

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        """Hand over the record. `acknowledge` runs in the client's network thread: keep it short. Waits while 32 MB are under way."""
        partition = partition_for(record.key, self.partitions(record.topic))
        with translated(self.bootstrap):
            producer = self._writer()
            number = self._await_turn(record, acknowledge)
            try:
                value = _NULL if record.value is None else record.value
                future = producer.send(record.topic, value, record.key, list(record.headers), partition)
            except BaseException:
                self._acknowledges.pop(number, None)
                self._forget(number)
                raise
        future.add_callback(partial(self._stored, number))
        future.add_errback(partial(self._failed, number))

    def append(self, records: Sequence[NewRecord]) -> list[Appended]:
        return send_and_wait(self, records, None)  # every record ends by itself: with `kafka_timeout` at the latest

    def flush(self, timeout: float | None = None) -> None:
        with self._changed:
            last = max(self._waiting, default=-1)
            if not self._changed.wait_for(lambda: next(iter(self._waiting), last + 1) > last, timeout):
                left = sum(number <= last for number in self._waiting)
                raise LogUnavailable(
                    f"Kafka at {self.bootstrap} has not acknowledged {left} records in {timeout:g} s; see that it runs, then flush again"
                )

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        place = self._place(topic, partition)
        records: list[Record] = []
        fetched_at_once = _FETCH_BYTES if limit > _FEW else _FETCH_BYTES_FOR_FEW
        with translated(self.bootstrap), self._reading:
            consumer = self._reader(fetched_at_once)
            end = self._ask(consumer.end_offsets, [place])[place]
            if offset >= end or limit <= 0:
                return records
            if self._next.pop(fetched_at_once, None) != (place, offset):
                consumer.assign([place])
                consumer.seek(place, offset)
            position = offset
            deadline = monotonic() + self._timeout
            while len(records) < limit and position < end:
                fetched = consumer.poll(_POLL, max_records=limit - len(records)).get(place, ())
                records += [Record(topic, partition, r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in fetched]
                position = consumer.position(place)  # past the gaps that compaction and transactions leave
                if fetched:
                    deadline = monotonic() + self._timeout
                elif monotonic() > deadline:
                    raise LogUnavailable(
                        f"Kafka at {self.bootstrap} did not send {topic}/{partition} from {position} on within {self._timeout:g} s"
                    )
            self._next[fetched_at_once] = (place, position)
        return records

    def read_key(self, topic: str, partition: int, key: bytes, start: int, end: int) -> list[Record]:
        return scan(self, topic, partition, key, start, end)

    def begin(self, topic: str, partition: int) -> int:
        place = self._place(topic, partition)
        with translated(self.bootstrap), self._reading:
            return self._ask(self._reader().beginning_offsets, [place])[place]

    def end(self, topic: str, partition: int) -> int:
        place = self._place(topic, partition)
        with translated(self.bootstrap), self._reading:
            return self._ask(self._reader().end_offsets, [place])[place]

    def ends(self, topics: Sequence[str]) -> Mapping[tuple[str, int], int]:
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(self.partitions(topic))]
        with translated(self.bootstrap), self._reading:
            found = self._ask(self._reader().end_offsets, places)
        return {(place.topic, place.partition): found[place] for place in places}

    def close(self) -> None:
        """Flush, for twice `kafka_timeout` at most; what is not acknowledged by then is acknowledged as failed."""
        with self._opening:
            self._closed = True
            producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(LogUnavailable):  # each sender hears of it below
                self.flush(2 * self._timeout + 1)
            _end_producer(producer)
        for number in list(self._acknowledges):
            self._failed(number, LogUnavailable(f"Kafka at {self.bootstrap} had not acknowledged the record when the log was closed"))
        with self._reading:
            while self._consumers:
                self._consumers.popitem()[1].close(autocommit=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # The clients, made when first needed

    def _admin(self) -> KafkaAdminClient:
        admin: KafkaAdminClient = connect(KafkaAdminClient, self.bootstrap, self._timeout, **self._options)
        return admin

    def _writer(self) -> KafkaProducer:
        with self._opening:
            self._refuse_when_closed()
            if self._producer is not None and self._producer_failed:
                _end_producer(self._producer)
                self._producer = None
            self._producer_failed = False
            if self._producer is None:
                milliseconds = self._options["request_timeout_ms"]
                self._producer = connect(
                    KafkaProducer,
                    self.bootstrap,
                    self._timeout,
                    **self._options,
                    acks="all",
                    enable_idempotence=True,
                    delivery_timeout_ms=milliseconds + _LINGER + 1,
                    max_block_ms=milliseconds,
                    linger_ms=_LINGER,
                    batch_size=128 << 10,
                    max_request_size=_LARGEST_REQUEST,
                    compression_type=None if self._settings.kafka_compression == "none" else self._settings.kafka_compression,
                    allow_auto_create_topics=False,
                    value_serializer=_NullValues(),
                )
            return self._producer

    def _reader(self, fetched_at_once: int = _FETCH_BYTES) -> KafkaConsumer:
        with self._opening:
            self._refuse_when_closed()
            if fetched_at_once not in self._consumers:
                self._consumers[fetched_at_once] = connect(
                    KafkaConsumer,
                    self.bootstrap,
                    self._timeout,
                    **self._options,
                    group_id=None,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",  # an offset below the begin reads from there
                    allow_auto_create_topics=False,
                    fetch_max_wait_ms=_POLL,
                    max_partition_fetch_bytes=fetched_at_once,
                )
            return self._consumers[fetched_at_once]

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise LogError("the log is closed: open it again to use it")

    def _place(self, topic: str, partition: int) -> TopicPartition:
        count = self.partitions(topic)
        if not 0 <= partition < count:
            raise TopicError(f"{topic} has no partition {partition}; it has 0 to {count - 1}")
        return TopicPartition(topic, partition)

    def _ask(self, question: Callable[..., dict[TopicPartition, int]], places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        deadline = monotonic() + self._timeout
        while True:
            try:
                return question(places, timeout_ms=int(self._timeout * 1000))
            except KeyError as missing:
                # A partition that has just got its leader has no offsets yet, and kafka-python trips over its absence from the answer.
                if monotonic() > deadline:
                    told = f"Kafka at {self.bootstrap} tells no offset of {missing} within {self._timeout:g} s; see that the brokers run"
                    raise LogUnavailable(told) from missing
                sleep(_OFFSETS_UNKNOWN_PAUSE)

    # What is sent and not acknowledged yet

    def _await_turn(self, record: NewRecord, acknowledge: Acknowledge) -> int:
        size = _RECORD_OVERHEAD + len(record.key or b"") + len(record.value or b"")
        with self._changed:
            if not getattr(self._acknowledging, "now", False):  # a callback that sends must not wait for itself
                self._changed.wait_for(lambda: self._waiting_bytes < _WAITING_BYTES)
            number = next(self._numbers)
            self._waiting[number] = size
            self._acknowledges[number] = acknowledge
            self._waiting_bytes += size
        return number

    def _forget(self, number: int) -> None:
        with self._changed:
            self._waiting_bytes -= self._waiting.pop(number)
            self._changed.notify_all()

    def _stored(self, number: int, metadata: Any) -> None:
        self._end(number, Appended(metadata.partition, metadata.offset))

    def _failed(self, number: int, error: Exception) -> None:
        if not isinstance(error, RetriableError | LogError):
            self._producer_failed = True  # an idempotent producer takes no more records after such an error: the next send gets a new one
        self._end(number, error if isinstance(error, LogError) else meaning(error, self.bootstrap))

    def _end(self, number: int, result: Appended | Exception) -> None:
        acknowledge = self._acknowledges.pop(number, None)
        if acknowledge is None:  # told already, when the log was closed
            return
        self._acknowledging.now = True
        try:
            acknowledge(result)
        finally:
            self._acknowledging.now = False
            self._forget(number)


def _end_producer(producer: KafkaProducer) -> None:
    with suppress(KafkaError):  # whatever it still held was told to have failed
        producer.close(timeout=1)
