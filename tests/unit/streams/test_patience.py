"""Waiting for what is away."""

import asyncio
import logging
from time import monotonic

import pytest

from events.log.port import LogError, LogUnavailable
from projections.tables.store import StoreUnavailable
from streams import patience
from streams.patience import Patience
from streams.threads import in_thread


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_RETRY_AFTER", 0.01)


async def test_the_answer_comes_when_what_was_away_is_back(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Exception | int] = [LogUnavailable("no broker"), StoreUnavailable("no Redis"), 7]

    async def question() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await Patience(60).ask("the log", question) == 7
    assert [record.message for record in caplog.records] == ["waiting for the log: no broker"]  # one line in a minute


async def test_a_question_without_an_answer_is_told_of_too(caplog: pytest.LogCaptureFixture) -> None:
    asking = asyncio.create_task(Patience(0.02).ask("Redis", lambda: asyncio.sleep(0.2, "there")))
    assert await asking == "there"
    assert {record.message for record in caplog.records} == {"waiting for Redis"}
    assert len(caplog.records) <= 10


async def test_another_error_is_raised(caplog: pytest.LogCaptureFixture) -> None:
    async def question() -> None:
        raise LogError("a wrong address")

    with pytest.raises(LogError, match="a wrong address"):
        await Patience(1).ask("the log", question)


async def test_waiting_can_be_ended(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)

    async def question() -> None:
        raise LogUnavailable("away")

    asking = asyncio.create_task(Patience(60).ask("the log", question))
    await asyncio.sleep(0.05)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_call_that_hangs_does_not_hold_up_who_gave_up_waiting() -> None:
    from threading import Event

    release = Event()
    began = monotonic()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(in_thread(release.wait), 0.05)
    assert monotonic() - began < 1
    release.set()


async def test_the_error_of_a_call_is_raised_where_it_is_awaited() -> None:
    def fail() -> None:
        raise LogUnavailable("away")

    with pytest.raises(LogUnavailable):
        await in_thread(fail)
