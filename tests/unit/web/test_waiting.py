"""What blocks runs beside the event loop, bounded; and nobody waits long for a log that is away."""

import asyncio
from collections.abc import Callable
from threading import Event, get_ident
from time import monotonic

import pytest

from events.log.port import Log, LogError, LogUnavailable
from projections.reports.as_of import Ends
from tests.unit.streams.memory_log import MemoryLog
from web.calls import Busy, Calls
from web.ends import AGE, SharedEnds
from web.late_log import LateLog


async def test_calls_run_beside_the_loop_and_raise_where_they_are_awaited() -> None:
    calls = Calls(2, "test")
    assert await calls.make(get_ident) != get_ident()
    with pytest.raises(ZeroDivisionError):
        await calls.make(lambda: 1 / 0)


async def test_more_calls_than_there_is_room_for_are_refused() -> None:
    calls, gate = Calls(1, "test"), Event()
    waiting = [asyncio.create_task(calls.make(gate.wait)) for _ in range(33)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await calls.make(gate.wait)
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 33
    assert await calls.make(gate.wait)


async def test_where_several_accounts_ask_one_has_half_of_the_room_at_most() -> None:
    calls, gate = Calls(1, "test", lambda: True), Event()
    waiting = [asyncio.create_task(calls.make(gate.wait, "acme")) for _ in range(16)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await calls.make(gate.wait, "acme")
    waiting += [asyncio.create_task(calls.make(gate.wait, "other")) for _ in range(16)]
    gate.set()
    assert await asyncio.gather(*waiting) == [True] * 32
    assert await calls.make(gate.wait, "acme")


async def test_a_call_that_nobody_waits_for_any_more_is_not_made() -> None:
    calls, gate, made = Calls(1, "test"), Event(), []
    first = asyncio.create_task(calls.make(gate.wait))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(calls.make(lambda: made.append(1)), 0.05)
    gate.set()
    assert await first
    await calls.make(lambda: None)
    assert made == []


def counting(answers: list[Ends | Exception], asked: list[float]) -> Callable[[], Ends]:
    def ask() -> Ends:
        asked.append(monotonic())
        answer = answers[min(len(asked), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


async def test_the_ends_are_asked_for_once_for_all_who_come_within_their_age() -> None:
    asked: list[float] = []
    ends = SharedEnds(counting([{("a", 0): 1}, {("a", 0): 2}], asked))
    assert await asyncio.gather(*(ends.get() for _ in range(50))) == [{("a", 0): 1}] * 50
    assert await ends.get() == {("a", 0): 1}
    assert len(asked) == 1
    await asyncio.sleep(AGE)
    assert await ends.get() == {("a", 0): 2}
    assert len(asked) == 2


async def test_of_a_log_that_does_not_answer_nothing_is_known_and_soon_nobody_waits() -> None:
    gate = Event()

    def ask() -> Ends:
        gate.wait()
        return {}

    ends = SharedEnds(ask)
    began = monotonic()
    assert set(await asyncio.gather(ends.get(), ends.get())) == {None}
    assert await ends.get() is None
    assert 0.9 < monotonic() - began < 2
    gate.set()
    await asyncio.sleep(0.05)
    assert await ends.get() == {}


async def test_nobody_waits_for_a_log_that_has_failed_before() -> None:
    gate = Event()

    def ask() -> Ends:
        gate.wait(0.3)
        if gate.is_set():
            return {("a", 0): 1}
        raise LogError("away")

    ends = SharedEnds(ask)
    assert await ends.get() is None
    for _ in range(3):
        await asyncio.sleep(AGE)
        began = monotonic()
        assert await ends.get() is None
        assert monotonic() - began < 0.1
    gate.set()
    await asyncio.sleep(AGE + 0.4)
    await ends.get()  # asks in the background
    await asyncio.sleep(0.05)
    assert await ends.get() == {("a", 0): 1}


async def test_after_an_error_the_last_answer_does_not_count_any_more() -> None:
    ends = SharedEnds(counting([{("a", 0): 1}, LogError("away"), {("a", 0): 3}], []))
    found = []
    for _ in range(3):
        await ends.get()  # after an error it is asked for in the background
        await asyncio.sleep(0.02)
        found.append(await ends.get())
        await asyncio.sleep(AGE)
    assert found == [{("a", 0): 1}, None, {("a", 0): 3}]


def test_a_log_that_answers_late_is_there_then() -> None:
    attempts: list[int] = []

    def open_log() -> Log:
        attempts.append(1)
        if len(attempts) == 1:
            raise LogUnavailable("away")
        return MemoryLog()

    late = LateLog(open_log)
    with pytest.raises(LogUnavailable):
        late.get()
    deadline = monotonic() + 5
    while len(attempts) < 2 and monotonic() < deadline:
        asyncio.run(asyncio.sleep(0.05))
    log = late.get()
    assert isinstance(log, MemoryLog)
    late.close()
    assert log.closed


def test_an_address_that_is_none_is_an_error_at_once() -> None:
    def open_log() -> Log:
        raise LogError("no such log")

    with pytest.raises(LogError, match="no such log"):
        LateLog(open_log)
