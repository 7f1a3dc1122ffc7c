"""A worker in process, which applies what is written while an app answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.unit.web.shop import Shop

_PAUSE = 0.005


@asynccontextmanager
async def working(shop: Shop) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Until the end of the block. What it gives waits until all that is written is applied."""
    turn = asyncio.Lock()

    async def apply() -> None:
        async with turn:
            await shop.apply()

    async def work() -> None:
        while True:
            await apply()
            await asyncio.sleep(_PAUSE)

    worker = asyncio.create_task(work())
    try:
        yield apply
    finally:
        async with turn:  # not in the middle of a batch
            worker.cancel()
