"""One browser and one served Tally for all tests; a visitor for each.

All of it lives in the event loop of the session, to which each module of tests is bound by its `pytestmark`.
"""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from bench.browser import ARGUMENTS
from tests.browser.history import history
from tests.browser.served import Served
from tests.browser.visitor import Visitor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(browser_program: str) -> AsyncIterator[Browser]:
    """One browser for all tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_program, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def company(browser_program: str) -> AsyncIterator[Served]:
    """A Tally that has been told the history, and nothing since: tests only look at it."""
    async with _serving() as served:
        yield served


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def moving(browser_program: str) -> AsyncIterator[Served]:
    """Another one, which tests may change: who asks it for numbers has to take them as they are."""
    async with _serving() as served:
        yield served


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded(browser_program: str) -> AsyncIterator[Served]:
    """One for tests that make tokens: from the first one on nobody is let in without."""
    async with _serving() as served:
        yield served


@asynccontextmanager
async def _serving() -> AsyncIterator[Served]:
    with tempfile.TemporaryDirectory(prefix="tally-") as folder:  # short, as a unix socket in it must have a short path
        served = Served(Path(folder))
        try:
            await served.start()
            await served.publish(history())
            yield served
        finally:
            served.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Visitor]:
    """Somebody who looks at pages. What must never happen on one fails the test."""
    visitor = Visitor(browser)
    yield visitor
    await visitor.leave()
    assert not visitor.faults, "\n".join(visitor.faults)
