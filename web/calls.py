"""Blocking calls beside the event loop: so many at once, so many waiting, and each for so long."""

import asyncio
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
    """Threads that make calls for one event loop. They do not keep the program from ending: a log that is away must not hold up a
    SIGTERM."""

    def __init__(self, threads: int, name: str) -> None:
        self._room = threads * (1 + _WAITING)
        self._pending = 0
        self._queue: SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = SimpleQueue()
        for _ in range(threads):
            Thread(target=self._work, daemon=True, name=f"tally-{name}").start()

    async def make(self, call: Callable[[], T]) -> T:
        """The result of `call()`. Who waits no more, such as after a timeout, leaves it to end by itself. Raises `Busy`."""
        if self._pending >= self._room:
            raise Busy(f"{self._pending} calls wait already")
        self._pending += 1
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put((call, future))
        return await future

    def _work(self) -> None:
        while True:
            call, future = self._queue.get()
            result, failure = None, None
            if not future.cancelled():
                try:
                    result = call()
                except BaseException as error:  # noqa: BLE001  it is raised where the call is awaited
                    failure = error
            try:
                future.get_loop().call_soon_threadsafe(self._settle, future, result, failure)
            except RuntimeError:  # the loop is closed: the program is ending
                return

    def _settle(self, future: "asyncio.Future[Any]", result: object, failure: BaseException | None) -> None:
        self._pending -= 1
        if future.done():
            return  # nobody waits any more
        if failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)
