"""Saved dashboards over HTTP: what is saved is an event, and comes back as it was."""

from typing import Any

import pytest
from httpx import AsyncClient, Response

from events.log.port import Log, LogUnavailable
from tests.stories import event, story
from tests.unit.web.browser import browsing
from tests.unit.web.conftest import Served, problem
from tests.unit.web.shop import Shop
from tests.unit.web.working import working
from web import dashboard_desk
from web.tokens import Scope, Token

NOW = "2026-01-01T00:00:00Z"
ACCOUNT = "acme"
PATH = "/v1/dashboards/sales%2Ffloor"
ID = "sales/floor"
CARDS: list[dict[str, Any]] = [
    {"report": "performance", "parameters": {"sequence_id": ["spring"], "team": ["north", "south"]}, "title": "Spring"},
    {"report": "analyze", "parameters": {}, "title": None},
]
WISH = {"name": "Sales", "cards": CARDS}


@pytest.fixture
async def shop(served: Served) -> Shop:
    shop = Shop(served, *story("ada", account=ACCOUNT))
    await shop.apply()
    return shop


@pytest.fixture
def token(served: Served) -> tuple[Token, str]:
    return served.tokens.create(ACCOUNT, [Scope.ACT, Scope.READ], "Eva", NOW)


@pytest.fixture
async def client(served: Served, shop: Shop, token: tuple[Token, str]) -> Any:
    async with served.client(Authorization=f"Bearer {token[1]}") as client:
        yield client


async def put(client: AsyncClient, content: Any = WISH, path: str = PATH) -> Response:
    return await client.put(path, json=content)


async def test_a_dashboard_is_saved_changed_and_deleted_by_events(client: AsyncClient, shop: Shop, token: tuple[Token, str]) -> None:
    async with working(shop) as applied:
        first = await put(client)
        assert first.status_code == 202
        told = first.json()
        (written,) = shop.written()
        assert told == {
            "dashboard_id": ID,
            "event_id": written["id"],
            "time": written["time"],
            "partition": told["partition"],
            "offset": told["offset"],
        }
        assert shop.log.records["dashboard-events", told["partition"]][told["offset"]].key == ACCOUNT.encode()
        assert {name: written[name] for name in ("type", "source", "account", "actor", "actorlabel")} == {
            "type": "dashboard.saved",
            "source": "tally/dashboard",
            "account": ACCOUNT,
            "actor": token[0].id,
            "actorlabel": "Eva",
        }
        second = await put(client, {"name": "Sales 2", "cards": CARDS[1:]})
        await applied()
        said = {"dashboard_id": ID, "name": "Sales 2", "saved_at": second.json()["time"]}
        assert (await client.get(PATH)).json() == {**said, "cards": CARDS[1:]}
        assert (await client.get("/v1/dashboards")).json() == {"account": ACCOUNT, "dashboards": [{**said, "cards": 1}]}
        assert (await client.delete(PATH)).status_code == 202
        await applied()
        assert problem(await client.get(PATH))["status"] == 404
        assert problem(await client.delete(PATH))["status"] == 404
        assert (await put(client)).status_code == 202, "it comes back"
    times = [event["time"] for event in shop.written()]
    assert times == sorted(set(times))


async def test_what_get_answers_can_be_put_back_unless_somebody_was_faster(client: AsyncClient, shop: Shop) -> None:
    async with working(shop) as applied:
        await put(client)
        await applied()
        found = (await client.get(PATH)).json()
        assert (await put(client, {**found, "name": "Mine"})).status_code == 202
        await applied()
        told = problem(await put(client, {**found, "name": "Theirs"}))
        assert (told["status"], told["type"]) == (409, "urn:tally:overtaken")
        now = (await client.get(PATH)).json()
        assert (now["name"], now["saved_at"]) == ("Mine", told["saved_at"])
        assert problem(await put(client, {**found, "name": "Theirs"}, "/v1/dashboards/other"))["status"] == 409
        assert (await put(client, {"name": "Theirs", "cards": []})).status_code == 202, "who does not say what they have seen does not mind"


async def test_a_clock_that_is_behind_loses_nothing(served: Served, token: tuple[Token, str], monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(served, event("dashboard.saved", "09:00", ACCOUNT, dashboard_id=ID, name="Before", cards=[]))
    monkeypatch.setattr(dashboard_desk, "now", lambda: 0)
    async with served.client(Authorization=f"Bearer {token[1]}") as client, working(shop):
        assert (await put(client)).json()["time"] == "2026-03-02T09:00:00.001Z"


@pytest.mark.parametrize(
    ("content", "parameter"),
    [
        ({"name": "x", "cards": [{"report": "analyze"}, {"report": "nope"}]}, "cards.1.report"),
        ({"name": "x", "cards": [{"report": "steps"}]}, "cards.0.sequence_id"),
        ({"name": "x", "cards": [{"report": "analyze", "parameters": {"team": 1}}]}, "cards.0.parameters.team"),
        ({"cards": []}, "name"),
        ({"name": "x", "cards": [], "saved_at": "yesterday"}, "saved_at"),
    ],
)
async def test_what_cannot_be_saved_is_named(client: AsyncClient, shop: Shop, content: Any, parameter: str) -> None:
    told = problem(await put(client, content))
    assert (told["status"], told["parameter"]) == (400, parameter)
    assert shop.written() == []


async def test_a_dashboard_that_is_too_large_for_an_event_is_refused(client: AsyncClient, shop: Shop) -> None:
    told = problem(await put(client, {"name": "x" * 70_000, "cards": []}))
    assert (told["status"], told["reason"]) == (400, "too_large")
    assert shop.written() == []


async def test_without_a_worker_a_second_change_waits_and_is_refused(
    client: AsyncClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard_desk, "PATIENCE", 0.0)
    assert (await put(client)).status_code == 202
    assert (await client.get("/v1/dashboards")).json()["dashboards"] == []
    told = problem(await put(client))
    assert told["status"] == 503
    assert len(shop.written()) == 1


async def test_a_log_that_is_away_is_told(served: Served, client: AsyncClient, shop: Shop) -> None:
    shop.log.fails.append(b"dashboard.saved")
    told = problem(await put(client))
    assert (told["status"], told["detail"]) == (503, "the log has not acknowledged it; do it again, which does no harm")

    def away() -> Log:
        raise LogUnavailable("brokers at 10.1.2.3")

    served.log = away
    async with served.client(Authorization=client.headers["Authorization"]) as other:
        assert problem(await put(other))["status"] == 503


async def test_nobody_changes_what_they_may_not(served: Served, shop: Shop) -> None:
    _, reader = served.tokens.create(ACCOUNT, [Scope.READ, Scope.PUBLISH, Scope.OPERATE], "", NOW)
    _, stranger = served.tokens.create("foreign", list(Scope), "", NOW)
    _, owner = served.tokens.create(ACCOUNT, [Scope.ACT], "", NOW)
    async with served.client() as client, working(shop) as applied:
        for method in ("put", "delete"):
            told = problem(await client.request(method, PATH, headers={"Authorization": f"Bearer {reader}"}, json=WISH))
            assert (told["status"], told["type"]) == (403, "urn:tally:scope")
        assert (await client.put(PATH, json=WISH, headers={"Authorization": f"Bearer {owner}"})).status_code == 202
        await applied()
        headers = {"Authorization": f"Bearer {stranger}"}
        assert (await client.get("/v1/dashboards", headers=headers)).json()["dashboards"] == []
        assert problem(await client.get(PATH, headers=headers))["status"] == 404
        assert problem(await client.delete(PATH, headers=headers))["status"] == 404
        assert problem(await client.get("/v1/dashboards", headers={"Authorization": f"Bearer {owner}"}))["status"] == 403


async def test_a_page_from_elsewhere_changes_nothing(served: Served, shop: Shop, token: tuple[Token, str]) -> None:
    async with browsing(served, token[1]) as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "http://127.0.0.1"}):
            assert problem(await browser.client.put(PATH, json=WISH, headers=headers))["status"] == 403
            assert problem(await browser.client.delete(PATH, headers=headers))["status"] == 403
    assert shop.written() == []
