"""Blocking calls beside the event loop: so many at once, so many waiting, and each for so long."""

import asyncio
from collections import Counter
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

T = TypeVar("T")

_WAITING: Final = 32
"""Calls that may wait for each thread: who comes later would wait too long to be still there."""


class Busy(Exception):
    """More calls wait than can be answered soon."""


class Calls:
    """Threads that make calls for one event loop. Where several accounts share the server (`shared`), one has half of the room at most.

    They do not keep the program from ending: a log that is away must not hold up a SIGTERM.
    """

    def __init__(self, threads: int, name: str, shared: Callable[[], bool] = lambda: False) -> None:
        self._room = threads * (1 + _WAITING)
        self._shared = shared
        self._pending = 0
        self._pending_of: Counter[str] = Counter()
        self._queue: SimpleQueue[tuple[Callable[[], Any], str, asyncio.Future[Any]]] = SimpleQueue()
        for _ in range(threads):
            Thread(target=self._work, daemon=True, name=f"tally-{name}").start()

    async def make(self, call: Callable[[], T], account: str = "") -> T:
        """The result of `call()`, for an account unless it is for all of them. Who waits no more, such as after a timeout, leaves it to end
        by itself. Raises `Busy`."""
        if self._pending >= self._room:
            raise Busy(f"{self._pending} calls wait already")
        if account and self._pending_of[account] >= self._room // 2 and self._shared():
            raise Busy(f"{self._pending_of[account]} calls of this account wait already")
        self._pending += 1
        self._pending_of[account] += 1
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((call, account, future))
        return await future

    def _work(self) -> None:
        while True:
            call, account, future = self._queue.get()
            result, failure = None, None
            if not future.cancelled():
                try:
                    result = call()
                except BaseException as error:  # noqa: BLE001  it is raised where the call is awaited
                    failure = error
            try:
                future.get_loop().call_soon_threadsafe(self._settle, account, future, result, failure)
            except RuntimeError:  # the loop is closed: the program is ending
                return

    def _settle(self, account: str, future: "asyncio.Future[Any]", result: object, failure: BaseException | None) -> None:
        self._pending -= 1
        self._pending_of[account] -= 1
        if not self._pending_of[account]:
            del self._pending_of[account]
        if future.done():
            return  # nobody waits any more
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)
