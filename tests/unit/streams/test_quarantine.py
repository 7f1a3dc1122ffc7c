"""Dead letters are durable before anything else happens."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from events.log.port import LogUnavailable
from events.log.record import Appended, NewRecord
from events.quarantine.dead_letter import DeadLetter
from streams.quarantine import QuarantineWriter

LETTER = DeadLetter(
    topic="email-events",
    partition=3,
    offset=41,
    timestamp=1_772_000_000_000,
    key=b"default/c-1",
    value=b"\xff not json",
    headers=(("trace", b"abc"),),
    reason="not_json",
    detail="the value is not JSON:\n  invalid start byte",
)


class OneLog:
    """Only the part of a log that is asked for."""

    def __init__(self, answer: Callable[[Sequence[NewRecord]], list[Appended]]) -> None:
        self.append = answer


def writer(answer: Callable[[Sequence[NewRecord]], list[Appended]]) -> QuarantineWriter:
    log: Any = OneLog(answer)
    return QuarantineWriter(log)


async def test_letters_are_written_together_and_in_order() -> None:
    written: list[NewRecord] = []

    def append(records: Sequence[NewRecord]) -> list[Appended]:
        written.extend(records)
        return []

    other = LETTER._replace(offset=42)
    await writer(append)([LETTER, other])
    assert written == [LETTER.to_record(), other.to_record()]


async def test_what_is_not_durable_is_an_error() -> None:
    def append(records: Sequence[NewRecord]) -> list[Appended]:
        raise LogUnavailable("the broker is away")

    with pytest.raises(LogUnavailable, match="the broker is away"):
        await writer(append)([LETTER])


async def test_no_letters_ask_nothing_of_the_log() -> None:
    def append(records: Sequence[NewRecord]) -> list[Appended]:
        raise AssertionError("asked")

    await writer(append)([])
