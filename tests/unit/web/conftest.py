"""The app over a small company in memory, asked in process."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from cli.demo.company import Company
from events.log.port import Log
from events.topics import SOURCE_TOPICS
from projections.changes import Change
from projections.reports.as_of import Ends
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import WritableStore
from tests.folding import folded
from tests.history_log import HistoryLog
from tests.stories import story
from web.access import Access
from web.answers import Answers
from web.app import make_app
from web.calls import Calls
from web.ends import SharedEnds
from web.hub import Hub
from web.intake import Intake
from web.oversight import Premises
from web.pages import site
from web.settings import WebSettings
from web.tokens import Tokens

SEQUENCE, CONTACT = "spring-outreach", "c-000012"
OTHER = "other"
"""An account that has nothing to do with the company's, which is `default`."""
_EVENTS = [*Company(5, 150, until=1_790_000_000_000).history(), *story("zoe", account=OTHER)]


@cache
def company() -> tuple[MemoryStore, HistoryLog]:
    """The tables and the log of all events."""
    return folded(_EVENTS), HistoryLog(_EVENTS)


@dataclass
class Served:
    """An app, and what it answers from."""

    tokens: Tokens
    reader: Reader = field(default_factory=lambda: Reader(company()[0]))
    log: Callable[[], Log] = lambda: company()[1]
    ends: Callable[[], Ends] = lambda: company()[1].ends(SOURCE_TOPICS)
    store: Callable[[], WritableStore] = lambda: company()[0]
    account: str = "default"
    announced: "asyncio.Queue[tuple[str, Change]]" = field(default_factory=asyncio.Queue)
    made: Hub = field(init=False)
    settings: WebSettings = field(default_factory=WebSettings)

    def hub(self, answers: Answers) -> Hub:
        async def listen() -> AsyncGenerator[tuple[str, Change] | None, None]:
            while not self.announced.empty():  # what was told before is told to nobody later
                self.announced.get_nowait()
            yield None
            while True:
                yield await self.announced.get()

        self.made = Hub(answers.headlines, listen)
        return self.made

    def app(self) -> FastAPI:
        answers = Answers(self.reader, self.log, SharedEnds(self.ends), Calls(2, "test"), Calls(2, "test"), "UTC")
        intake, hub, access = Intake(self.log, Calls(2, "test")), self.hub(answers), Access(self.tokens, self.account)
        return make_app(answers, intake, hub, access, self.settings, Premises("sqlite:///log.db", "redis://redis:6379/0", self._opened))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[WritableStore]:
        yield self.store()

    @asynccontextmanager
    async def client(self, **headers: str) -> AsyncIterator[AsyncClient]:
        transport = ASGITransport(self.app())
        async with AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            yield client


class Compiled(BytecodeCache):
    """Templates that were compiled before: every test makes an app of its own, which would compile them all again."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


@pytest.fixture(autouse=True, scope="session")
def templates_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "Environment", partial(Environment, bytecode_cache=Compiled()))
        yield


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return Served(Tokens(tmp_path / "tokens.json"))


@pytest.fixture
async def client(served: Served) -> AsyncIterator[AsyncClient]:
    async with served.client() as client:
        yield client


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that others do; it is to come within seconds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")


def problem(answer: Any) -> dict[str, Any]:
    """The problem details of an answer, which has to be one."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert told.keys() >= {"type", "title", "detail"}
    return told
