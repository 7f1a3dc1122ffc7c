"""Live: who looks on is told what has changed, as soon as it has, and nobody who looks on disturbs another."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from projections.changes import CHANNEL, Change, changes
from projections.reports.headlines import Headlines
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import Commit, StoreUnavailable
from tests.folding import Folding, log_of
from tests.stories import event
from tests.unit.web import listener
from tests.unit.web.conftest import Served, problem, until
from tests.unit.web.listener import Listener
from tests.unit.web.pages.markup import parse
from web import hub as hub_module
from web import live as live_module
from web.settings import WebSettings
from web.tokens import Scope

ACCOUNT = "default"


def enrolled(number: int, sequence: str, account: str = ACCOUNT) -> dict[str, Any]:
    return event("enrollment.started", "09:00", account, contact_id=f"c-{number}", enrollment_id=f"e-{number}", sequence_id=sequence)


class Work:
    """A worker in memory, whose commits are announced to the app."""

    def __init__(self, served: Served) -> None:
        self.store = MemoryStore()
        self.told = True
        self._served = served
        self._folding = Folding(self.store, tell=self._tell)
        self._ends: dict[tuple[str, int], int] = {}
        served.reader = Reader(self.store)
        served.ends = lambda: self._ends

    async def apply(self, *events: dict[str, Any]) -> None:
        for (topic, partition), records in log_of(events).items():
            if records:
                start = self._ends.get((topic, partition), 0)
                moved = [record._replace(offset=start + record.offset) for record in records]
                await self._folding.feed(topic, partition, moved)
                self._ends[topic, partition] = start + len(moved)

    def _tell(self, commit: Commit, version: int) -> None:
        for channel, change in changes(commit, version).items() if self.told else ():
            self._served.announced.put_nowait((channel.removeprefix(CHANNEL), change))


@pytest.fixture
def work(served: Served, monkeypatch: pytest.MonkeyPatch) -> Work:
    """With a hub that is quicker than it need be for people."""
    monkeypatch.setattr(hub_module, "INTERVAL", 0.02)
    monkeypatch.setattr(hub_module, "CHECK", 0.1)
    return Work(served)


@pytest.fixture
async def stack(served: Served) -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack
    served.made.close()


async def test_a_client_is_told_everything_at_first_and_then_what_has_changed(served: Served, work: Work, stack: AsyncExitStack) -> None:
    await work.apply(enrolled(1, "s-1"), enrolled(2, "s-2"))
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    assert (client.status, client.events[0].sequences()) == (200, {"s-1", "s-2"})
    assert client.text.startswith("retry: 2000\n\n")
    await work.apply(enrolled(3, "s-2"))
    await until(lambda: len(client.events) == 2)
    (_, second) = client.events
    (line,) = second.numbers["sequences"]
    assert (line["sequence_id"], line["enrollments"], line["contacts"]) == ("s-2", 2, 2)
    assert (second.numbers["total"]["enrollments"], second.numbers["as_of"]["applied"], second.numbers["as_of"]["lag"]) == (3, 3, 0)
    await work.apply(enrolled(4, "s-3"))
    await until(lambda: len(client.events) == 3)
    assert client.events[2].sequences() == {"s-3"}


async def test_what_changes_within_an_interval_is_told_at_once(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "INTERVAL", 0.2)
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    for number in range(40):
        await work.apply(enrolled(number, f"s-{number % 3}"))
        await asyncio.sleep(0.01)
    await until(lambda: client.events[-1].numbers["total"]["enrollments"] == 40)
    assert len(client.events) <= 5


async def test_of_another_account_nothing_is_told(served: Served, work: Work, stack: AsyncExitStack) -> None:
    app = served.app()
    ours, theirs = (served.tokens.create(account, [Scope.READ], "", "2026-01-01T00:00:00Z")[1] for account in ("ours", "theirs"))
    us = await stack.enter_async_context(Listener(app, authorization=f"Bearer {ours}"))
    them = await stack.enter_async_context(Listener(app, authorization=f"Bearer {theirs}"))
    await until(lambda: us.events and them.events)
    await work.apply(enrolled(1, "secret", "theirs"), enrolled(1, "s-1", "ours"))
    await until(lambda: len(us.events) > 1 and len(them.events) > 1)
    assert "secret" not in us.text
    assert "s-1" not in them.text


async def test_who_comes_again_is_told_what_was_missed(served: Served, work: Work, stack: AsyncExitStack) -> None:
    app = served.app()
    await work.apply(enrolled(1, "s-1"), enrolled(2, "s-2"), enrolled(3, "s-3"))
    stays = await stack.enter_async_context(Listener(app))
    async with Listener(app) as leaves:
        await until(lambda: leaves.events)
    last = leaves.events[-1].id
    await work.apply(enrolled(4, "s-2"))
    await until(lambda: len(stays.events) == 2)
    async with Listener(app, last_event_id=last) as again:
        await until(lambda: again.events)
        assert again.events[0].sequences() == {"s-2"}
    async with Listener(app, last_event_id=stays.events[-1].id) as current:
        await work.apply(enrolled(5, "s-3"))
        await until(lambda: current.events)
        assert current.events[0].sequences() == {"s-3"}


@pytest.mark.parametrize("last", ["1-0.0.0.0", "2-9.9.9.9", "1-9.9.9.9", "1-1", "nonsense", "", "1-" + "9" * 4000])
async def test_who_was_away_too_long_is_told_everything(served: Served, work: Work, last: str) -> None:
    await work.apply(enrolled(1, "s-1"), enrolled(2, "s-2"))
    async with Listener(served.app(), last_event_id=last) as client:
        await until(lambda: client.events)
        assert client.events[0].sequences() == {"s-1", "s-2"}
    served.made.close()


async def test_an_id_means_the_same_to_every_process(served: Served, work: Work, stack: AsyncExitStack) -> None:
    await work.apply(enrolled(1, "s-1"))
    async with Listener(served.app()) as one:
        await until(lambda: one.events)
    served.made.close()
    async with Listener(served.app(), last_event_id=one.events[-1].id) as other:
        await until(lambda: other.status == 200 and served.made.clients == 1)
        await work.apply(enrolled(2, "s-2"))
        await until(lambda: other.events)
        assert other.events[0].sequences() == {"s-2"}
    served.made.close()


async def test_who_has_a_page_is_told_what_has_changed_since_it_was_made(served: Served, work: Work, stack: AsyncExitStack) -> None:
    await work.apply(enrolled(1, "s-1"), enrolled(2, "s-2"))
    app = served.app()
    since = await version_of_a_page(app)
    async with Listener(app, query=f"since={since}") as early:
        await until(lambda: early.status == 200 and served.made.clients == 1)
        await work.apply(enrolled(3, "s-2"))
        await until(lambda: early.events)
    assert [one.sequences() for one in early.events] == [{"s-2"}]
    later = await version_of_a_page(app)
    await work.apply(enrolled(4, "s-1"))
    # Nobody has looked on meanwhile, as when somebody goes from page to page.
    async with Listener(app, query=f"since={later}") as next_page:
        await until(lambda: next_page.events)
    assert next_page.events[0].sequences() == {"s-1"}
    async with Listener(app, query=f"since={since}", last_event_id=early.events[-1].id) as again:
        await until(lambda: again.events)
    assert again.events[0].sequences() == {"s-1"}, "where it was cut off counts, and not where it began"
    async with Listener(app, query="since=nonsense") as lost:
        await until(lambda: lost.events)
    assert lost.events[0].sequences() == {"s-1", "s-2"}


async def test_a_board_that_nobody_looks_at_is_given_up(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_KEPT", 0.05)
    app = served.app()
    async with Listener(app) as first:
        await until(lambda: first.events)
        async with Listener(app) as second:
            await until(lambda: second.events)
        await asyncio.sleep(0.1)
        assert served.made._boards
    await until(lambda: not served.made._boards)


async def test_a_dashboard_that_was_saved_is_news_though_no_number_has_moved(served: Served, work: Work, stack: AsyncExitStack) -> None:
    await work.apply(enrolled(1, "s-1"))
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    await work.apply(event("dashboard.saved", "10:00", ACCOUNT, dashboard_id="d-1", name="Sales", cards=[]))
    await until(lambda: len(client.events) == 2)
    assert client.events[1].sequences() == set()
    assert client.events[1].numbers["as_of"]["applied"] == client.events[0].numbers["as_of"]["applied"] + 1


async def test_a_commit_that_nobody_announced_is_told_all_the_same(served: Served, work: Work, stack: AsyncExitStack) -> None:
    await work.apply(enrolled(1, "s-1"))
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    work.told = False
    await work.apply(enrolled(2, "s-2"))
    await until(lambda: len(client.events) == 2)
    assert client.events[1].sequences() == {"s-1", "s-2"}


async def test_an_announcement_that_was_lost_is_noticed_by_the_next(served: Served, work: Work, stack: AsyncExitStack) -> None:
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    work.told = False
    await work.apply(enrolled(1, "s-1"))
    work.told = True
    await work.apply(enrolled(1, "s-2"))
    await until(lambda: client.events[-1].sequences() == {"s-1", "s-2"})


async def test_commits_that_change_no_sequence_are_no_news(served: Served, work: Work, stack: AsyncExitStack) -> None:
    await work.apply(enrolled(1, "s-1"))
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    for _ in range(5):
        await work.apply(enrolled(1, "s-1"), event("contact.updated", "08:00", contact_id="c-1", name="Ada"))
        await asyncio.sleep(0.06)
    assert len(client.events) == 1


async def test_a_subscription_that_breaks_is_made_again_and_nothing_is_missed(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_PAUSE", 0.05)
    app = served.app()
    attempts: list[int] = []
    feed = served.made._listen

    async def breaking() -> AsyncGenerator[tuple[str, Change] | None, None]:
        attempts.append(1)
        if len(attempts) < 3:
            raise StoreUnavailable("gone")
        async for heard in feed():
            yield heard

    monkeypatch.setattr(served.made, "_listen", breaking)
    client = await stack.enter_async_context(Listener(app))
    await until(lambda: client.events)
    await work.apply(enrolled(1, "s-1"))
    await until(lambda: client.events[-1].sequences() == {"s-1"})
    await until(lambda: len(attempts) == 3)
    await work.apply(enrolled(2, "s-2"))
    await until(lambda: "s-2" in client.events[-1].sequences())


@pytest.mark.parametrize("when", [None, ()], ids=["pushing", "checking"])
async def test_a_fault_of_ours_is_logged_and_holds_nobody_up_for_long(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, when: object
) -> None:
    monkeypatch.setattr(hub_module, "_PAUSE", 0.05)
    client = await stack.enter_async_context(Listener(served.app()))
    await until(lambda: client.events)
    read = served.made._read
    failed: list[int] = []

    async def failing(account: str, sequences: Collection[str] | None) -> Headlines:
        if not failed and (sequences == ()) == (when == ()):
            failed.append(1)
            raise ZeroDivisionError("ours")
        return await read(account, sequences)

    monkeypatch.setattr(served.made, "_read", failing)
    await work.apply(enrolled(1, "s-1"))
    await until(lambda: failed and client.events[-1].sequences() == {"s-1"})
    await work.apply(enrolled(2, "s-2"))
    await until(lambda: "s-2" in client.events[-1].sequences())
    (record,) = [one for one in caplog.records if one.exc_info]
    assert (record.levelname, record.getMessage()) == ("ERROR", "live readers wait: ours")


async def test_a_fault_in_what_is_heard_breaks_the_subscription_only(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hub_module, "_PAUSE", 0.05)
    app = served.app()
    take = served.made._take
    failed: list[int] = []

    def failing(account: str, change: Change) -> None:
        if not failed:
            failed.append(1)
            raise ValueError("ours")
        take(account, change)

    monkeypatch.setattr(served.made, "_take", failing)
    client = await stack.enter_async_context(Listener(app))
    await until(lambda: client.events)
    await work.apply(enrolled(1, "s-1"))
    await until(lambda: client.events[-1].sequences() == {"s-1"})
    assert [one.getMessage() for one in caplog.records if one.exc_info] == ["live readers wait: ours"]
    await work.apply(enrolled(2, "s-2"))
    await until(lambda: "s-2" in client.events[-1].sequences())


async def test_while_redis_is_away_who_looks_on_waits_and_who_comes_is_told_so(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "_PAUSE", 0.05)
    app = served.app()
    with monkeypatch.context() as away:

        def gone(_: object) -> list[Any]:
            raise StoreUnavailable("gone")

        read = work.store.read
        away.setattr(work.store, "read", gone)
        async with Listener(app) as early:
            await until(lambda: early.ended)
        assert early.status == 503
        away.undo()
        client = await stack.enter_async_context(Listener(app))
        await until(lambda: client.events)
        away.setattr(work.store, "read", gone)
        away.setattr(work.store, "ask", lambda questions: asyncio.sleep(0, read(questions)))
        await work.apply(enrolled(1, "s-1"))
        await asyncio.sleep(0.1)
        assert len(client.events) == 1
    await until(lambda: client.events[-1].sequences() == {"s-1"})


async def test_a_heartbeat_and_a_token_that_is_revoked(
    served: Served, work: Work, stack: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_module, "_BEAT", 0.05)
    app = served.app()
    token, secret = served.tokens.create(ACCOUNT, [Scope.READ], "", "2026-01-01T00:00:00Z")
    client = await stack.enter_async_context(Listener(app, authorization=f"Bearer {secret}"))
    await until(lambda: client.text.count("\n:\n\n") > 2)
    served.tokens.revoke(token.id)
    await until(lambda: client.ended)
    assert served.made.clients == 0


async def test_a_token_that_is_revoked_is_told_nothing_more(served: Served, work: Work, stack: AsyncExitStack) -> None:
    app = served.app()
    token, secret = served.tokens.create(ACCOUNT, [Scope.READ], "", "2026-01-01T00:00:00Z")
    client = await stack.enter_async_context(Listener(app, authorization=f"Bearer {secret}"))
    await until(lambda: len(client.events) == 1)
    served.tokens.revoke(token.id)
    await work.apply(enrolled(1, "s-1"))
    await until(lambda: client.ended)
    assert len(client.events) == 1


async def test_no_more_clients_than_there_are_places(served: Served, work: Work, stack: AsyncExitStack) -> None:
    served.settings = WebSettings(web_live_clients=2)
    app = served.app()
    clients = [await stack.enter_async_context(Listener(app)) for _ in range(3)]
    await until(lambda: all(client.status for client in clients))
    assert [client.status for client in clients] == [200, 200, 503]


async def test_of_several_accounts_none_takes_all_places(served: Served, work: Work, stack: AsyncExitStack) -> None:
    served.settings = WebSettings(web_live_clients=4)
    app = served.app()
    _, ours = served.tokens.create(ACCOUNT, [Scope.READ], "", "2026-01-01T00:00:00Z")

    async def come(secret: str) -> Listener:
        client = await stack.enter_async_context(Listener(app, authorization=f"Bearer {secret}"))
        await until(lambda: client.status)
        return client

    assert [(await come(ours)).status for _ in range(3)] == [200, 200, 200], "there is nobody else"
    _, theirs = served.tokens.create("other", [Scope.READ], "", "2026-01-01T00:00:00Z")
    assert (await come(ours)).status == 503
    assert (await come(theirs)).status == 200
    assert (await come(theirs)).status == 503, "all places are taken"


async def test_when_the_server_stops_every_client_is_let_go(served: Served, work: Work, stack: AsyncExitStack) -> None:
    app = served.app()
    clients = [await stack.enter_async_context(Listener(app)) for _ in range(5)]
    await until(lambda: all(client.events for client in clients))
    served.made.close()
    await until(lambda: all(client.ended for client in clients))


async def version_of_a_page(app: FastAPI) -> str:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1") as client:
        return parse((await client.get("/sequences")).text).one("body")["data-since"]


def all_told(clients: Iterable[Listener], enrollments: int) -> bool:
    return all(client.events and client.events[-1].numbers["total"]["enrollments"] == enrollments for client in clients)


async def test_five_hundred_idle_clients_and_a_slow_one_do_no_harm(served: Served, work: Work, stack: AsyncExitStack) -> None:
    app = served.app()
    await work.apply(*(enrolled(number, f"s-{number}") for number in range(20)))
    slow = await stack.enter_async_context(Listener(app, stuck=2))
    clients = [await stack.enter_async_context(Listener(app)) for _ in range(500)]
    await until(lambda: all_told(clients, 20))
    for number in range(20, 40):
        await work.apply(enrolled(number, f"s-{number % 20}"))
        await asyncio.sleep(0.02)
    async with asyncio.timeout(20):
        await until(lambda: all_told(clients, 40))
    async with served.client() as reader:
        assert (await reader.get("/v1/analyze")).json()["enrollments"]["started"] == 40
    assert len(slow.events) == 1
    slow.let_go()
    await until(lambda: all_told([slow], 40))
    outrun = slow.events[1:]
    assert len(outrun) <= 2, "what was outrun is not told any more"
    assert set.union(*(one.sequences() for one in outrun)) == {f"s-{number}" for number in range(20)}


@pytest.mark.parametrize(("query", "named"), [("team=x", "team"), ("since=1-0&since=1-0", "since")])
async def test_a_wrong_parameter_is_named(served: Served, query: str, named: str) -> None:
    async with served.client() as client:
        assert problem(await client.get(f"/v1/live?{query}"))["parameter"] == named


async def test_the_description_has_the_parameter(served: Served) -> None:
    async with served.client() as client:
        described = (await client.get("/v1/openapi.json")).json()["paths"]["/v1/live"]["get"]["parameters"]
    assert [(one["in"], one["name"]) for one in described] == [("query", "since"), ("header", "Last-Event-ID")]


def test_a_listener_reads_what_is_sent() -> None:
    assert listener.Sent("1-1", {"sequences": [{"sequence_id": "s"}]}).sequences() == {"s"}
