"""Publishing events: judged before anything is written, keyed, appended, and each one accounted for. What a mailer imports."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import count
from threading import Lock
from time import time_ns
from typing import Self

import msgspec

from events.catalog import EventData
from events.catalog.contact import ContactErased
from events.envelope import DEFAULT_ACCOUNT
from events.event import Event
from events.judgement import judge
from events.log.port import Log, LogError, LogUnavailable
from events.log.record import Appended, NewRecord
from events.refusal import Reason, Refusal
from events.rfc3339 import to_milliseconds

Publishable = Event | EventData | Mapping[str, object] | bytes
OnResult = Callable[[Event, Appended | Exception], None]
"""Called once for each published event, in a thread of the log: with its place, or with why it was not stored."""

_NAMED = 100  # failed events that are kept to be named; all are counted


class PublishError(Exception):
    """Events were accepted but not acknowledged by the log: they may or may not be in it, and publishing them again does no harm.

    `count` is how many; `failures` names the first 100, each with its cause (None: no answer yet).
    """

    def __init__(self, missing: int, failures: Sequence[tuple[Event, Exception | None]]) -> None:
        cause = next((error for _, error in failures if error is not None), None)
        named = ", ".join(f"{event.type} {event.id}" for event, _ in failures[:3])
        super().__init__(
            f"{missing} events were not acknowledged by the log ({named}{', ...' if missing > 3 else ''}): {cause or 'no answer in time'}"
        )
        self.count = missing
        self.failures = tuple(failures)


def now() -> int:
    """The clock: milliseconds since 1970 UTC."""
    return time_ns() // 1_000_000


class Publisher:
    """Publishes into `log`, which stays the caller's to close. Safe to use from many threads.

    >>> with open_log(LogSettings()) as log, Publisher(log) as publisher:
    ...     publisher.publish(EmailOpened(contact_id="c-1", message_id="m-1"), source="mailer-7", id="open-1")
    """

    def __init__(self, log: Log, *, clock: Callable[[], int] = now) -> None:
        self._log = log
        self._clock = clock
        self._numbers = count()
        self._pending: dict[int, Event] = {}
        self._failing = Lock()
        self._failed = 0
        self._failures: list[tuple[Event, Exception | None]] = []

    def publish(
        self,
        event: Publishable,
        on_result: OnResult | None = None,
        *,
        source: str | None = None,
        id: str | None = None,
        time: datetime | int | None = None,
        account: str | None = None,
    ) -> Future[Appended]:
        """Judge the event and hand it to the log; the future ends when it is durable (its place) or has failed (`LogError`).

        `event` is an `Event`, a mapping or JSON bytes in the structured shape of CloudEvents, or the data of an event; the latter alone
        needs the keywords `source` and
        `id` (the same ones when the same fact is published again) and takes `time` (default: now) and `account`. Bytes are written as
        they are. Raises `Refusal`, and then nothing was written; `LogError` when the log cannot take it.
        """
        if isinstance(event, EventData):
            event = self._complete(event, source, id, time, account)
        elif (source, id, time, account) != (None, None, None, None):
            raise TypeError("source, id, time and account are for the data of an event; an Event, a mapping or bytes bring their own")
        value = _encode(event)
        judged = judge(value, stamped_at=self._clock())
        future: Future[Appended] = Future()
        future.set_running_or_notify_cancel()  # what is handed to the log cannot be called back

        def end(event: Event, result: Appended | Exception) -> None:
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
            if on_result is not None:
                on_result(event, result)

        self.publish_judged(judged, value, end)
        return future

    def publish_judged(self, event: Event, value: bytes, on_result: OnResult | None = None) -> None:
        """Hand over an event that `judge` has read from `value`, which is written as it is; after an erasure a tombstone too."""
        self._send(event, NewRecord(event.topic, event.key, value), on_result)
        if event.type == ContactErased.type:
            # The tombstone lets a log that compacts forget the contact altogether.
            self._send(event, NewRecord(event.topic, event.key, None), None)

    def _send(self, event: Event, record: NewRecord, on_result: OnResult | None) -> None:
        number = next(self._numbers)

        def acknowledge(result: Appended | Exception) -> None:
            del self._pending[number]
            if isinstance(result, Exception):
                with self._failing:
                    self._failed += 1
                    if len(self._failures) < _NAMED:
                        self._failures.append((event, result))
            if on_result is not None:
                on_result(event, result)

        self._pending[number] = event
        try:
            self._log.send(record, acknowledge)
        except BaseException:
            self._pending.pop(number, None)
            raise

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything published has ended, at most `timeout` seconds.

        Raises `PublishError` for all that was not acknowledged since the last flush.
        """
        cause: LogError | None = None
        try:
            self._log.flush(timeout)
        except LogUnavailable as error:
            cause = error
        with self._failing:
            waiting = list(self._pending.values()) if cause else []
            missing = self._failed + len(waiting)
            failures = [*self._failures, *((event, cause) for event in waiting)][:_NAMED]
            self._failed, self._failures = 0, []
        if missing:
            raise PublishError(missing, failures) from cause

    def close(self, timeout: float | None = None) -> None:
        """Flush. The log stays open."""
        self.flush(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self.close()
        except PublishError as unpublished:
            if error is None:
                raise
            error.add_note(f"besides, {unpublished}")

    def _complete(
        self, data: EventData, source: str | None, identity: str | None, time: datetime | int | None, account: str | None
    ) -> Event:
        if source is None or identity is None:
            raise TypeError("the data of an event is published with source=... and id=..., which together identify it")
        if isinstance(time, datetime):
            if time.tzinfo is None:
                raise Refusal(Reason.NOT_AN_EVENT, "time: has no time zone; give one, as in datetime.now(UTC)", field="time")
            time = to_milliseconds(time)
        return Event(
            source=source,
            id=identity,
            time=self._clock() if time is None else time,
            account=DEFAULT_ACCOUNT if account is None else account,
            data=data,
        )


def _encode(event: Event | Mapping[str, object] | bytes) -> bytes:
    if isinstance(event, bytes):
        return event
    try:
        return event.to_json() if isinstance(event, Event) else msgspec.json.encode(event)
    except OverflowError as error:
        raise Refusal(Reason.TIME_OUT_OF_RANGE, f"time: {error}", field="time") from None
    except (TypeError, ValueError) as error:  # something in it that JSON cannot hold
        raise Refusal(Reason.NOT_JSON, str(error)) from None
