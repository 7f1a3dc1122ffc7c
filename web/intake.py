"""Taking events in: judged as every publisher judges them, handed to the log, and answered for when the log has acknowledged them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from events.event import Event
from events.judgement import judge
from events.log.port import Log
from events.log.record import Appended
from events.publisher import Publisher, now
from events.refusal import Refusal
from web.calls import Calls
from web.cloudevents import Told
from web.verdicts import Verdict, refused


@dataclass(frozen=True, slots=True)
class _Good:
    index: int
    event: Event
    value: bytes


class Intake:
    """Takes events into the log. `log` raises `LogUnavailable` while it is away; `clock` in ms since 1970 UTC."""

    def __init__(self, log: Callable[[], Log], calls: Calls, clock: Callable[[], int] = now) -> None:
        self._log = log
        self._calls = calls
        self._clock = clock

    async def take(self, told: Sequence[Told], *, account: str | None, all_or_nothing: bool) -> list[Verdict]:
        """The verdicts on events that may be of one account only (None: of any).

        Raises `LogUnavailable` if nothing was written because the log is away, and `Busy`.
        """
        log = self._log()
        good, bad = await self._calls.make(partial(self._judge, told, account))
        if bad and all_or_nothing:
            return _in_order([*bad, *(Verdict(index=one.index, status="withheld") for one in good)])
        acknowledged = _Acknowledgements(len(good))
        await self._calls.make(partial(_send, Publisher(log, clock=self._clock), good, acknowledged))
        results = await acknowledged.all
        return _in_order([*bad, *(_verdict(one.index, result) for one, result in zip(good, results, strict=True))])

    def _judge(self, told: Sequence[Told], account: str | None) -> tuple[list[_Good], list[Verdict]]:
        good, bad, stamped_at = [], [], self._clock()
        for index, one in enumerate(told):
            try:
                event = judge(one.value, one.headers, stamped_at=stamped_at)
            except Refusal as refusal:
                bad.append(refused(index, refusal))
                continue
            if account not in (None, event.account):
                detail = f"account: the event is of {event.account!r}, and the token of {account!r}"
                bad.append(Verdict(index=index, status="refused", reason="wrong_account", detail=detail, field="account"))
                continue
            # What came as headers is written as one text, as no header of ours goes into the log.
            good.append(_Good(index, event, event.to_json() if one.headers else one.value))
        return good, bad


class _Acknowledgements:
    """What the log says to so many events, from whichever thread it says it."""

    def __init__(self, count: int) -> None:
        self.all: asyncio.Future[list[Appended | Exception]] = asyncio.get_running_loop().create_future()
        self._results: list[Appended | Exception] = [ConnectionError("no answer")] * count
        self._missing = count
        self._lock = Lock()
        if not count:
            self.all.set_result([])

    def note(self, number: int, result: Appended | Exception) -> None:
        with self._lock:
            self._results[number] = result
            self._missing -= 1
            if self._missing:
                return
        self.all.get_loop().call_soon_threadsafe(self._complete)

    def _complete(self) -> None:
        if not self.all.done():  # else nobody waits any more
            self.all.set_result(self._results)


def _send(publisher: Publisher, good: Sequence[_Good], acknowledged: _Acknowledgements) -> None:
    for number, one in enumerate(good):
        try:
            publisher.publish_judged(one.event, one.value, lambda _, result, number=number: acknowledged.note(number, result))  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001  it concerns this event alone; those before it are on their way
            acknowledged.note(number, error)


def _verdict(index: int, result: Appended | Exception) -> Verdict:
    if isinstance(result, Exception):
        return Verdict(index=index, status="unconfirmed")
    return Verdict(index=index, status="accepted", partition=result.partition, offset=result.offset)


def _in_order(verdicts: Sequence[Verdict]) -> list[Verdict]:
    return sorted(verdicts, key=lambda one: one.index)
