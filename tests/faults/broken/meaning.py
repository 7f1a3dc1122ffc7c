"""Events that are taken otherwise than by what they say."""

from itertools import count
from time import time
from typing import Any

from events import wire
from events.refusal import Reason, Refusal
from projections import enrollment_view, facts
from streams import projector
from tests.faults.broken import Set


def ties_by_arrival(set_: Set) -> None:
    set_(facts, "content_order", lambda *_: ())
    set_(enrollment_view.Resolved, "precedes", lambda _, one, other: one[1] < other[1])


def identity_ignored(set_: Set) -> None:
    numbers = count(1)
    set_(facts, "identity_of", lambda *_: next(numbers))


def worker_clock_trusted(set_: Set) -> None:
    def decode(topic: str, key: Any, value: Any, headers: Any, _stamped_at: int) -> Any:
        return wire.decode(topic, key, value, headers, int(time() * 1000))

    set_(projector, "decode", decode)


def late_events_dropped(set_: Set) -> None:
    newest = 0

    def decode(*arguments: Any) -> Any:
        """As an engine with windows and a watermark."""
        nonlocal newest
        event = wire.decode(*arguments)
        newest = max(newest, event.time)
        if event.time < newest - 7 * 86_400_000:
            raise Refusal(Reason.TIME_OUT_OF_RANGE, "it comes too late")
        return event

    set_(projector, "decode", decode)
