"""The pages of dashboards: each card says what its report says, and what is done there comes back by the projection."""

from asyncio import to_thread
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import pytest
from httpx import AsyncClient, Response

from events.log.port import Log, LogUnavailable
from projections.reports import REPORTS
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.stories import event, story
from tests.unit.web.browser import HERE, Browser, browsing
from tests.unit.web.conftest import _EVENTS, CONTACT, SEQUENCE, Served
from tests.unit.web.pages.markup import Element, checked, page
from tests.unit.web.shop import Shop
from tests.unit.web.working import working
from web import dashboard_desk
from web.pages import formats, links
from web.tokens import Scope

NOW = "2026-01-01T00:00:00Z"
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"
ALL: list[dict[str, Any]] = [
    {"report": "analyze"},
    {"report": "performance", "parameters": {"sequence_id": SEQUENCE, "team": "team-north"}, "title": "North"},
    {"report": "trend", "parameters": {"interval": "week"}},
    {"report": "monthly"},
    {"report": "steps", "parameters": {"sequence_id": SEQUENCE}},
    {"report": "funnel", "parameters": {"sequence_id": SEQUENCE}},
    *({"report": name} for name in ("sequences", "engagement", "times", "variants", "opens", "sentiment", "leaderboard", "senders")),
    *({"report": name, "parameters": {"limit": "5"}} for name in ("enrollments", "contacts")),
    {"report": "custom", "parameters": {"measure": "reply_rate", "by": "month"}},
    {"report": "contact", "parameters": {"contact_id": CONTACT}},
]


def saved(dashboard_id: str, name: str, cards: list[dict[str, Any]], time: str = "09:00") -> dict[str, Any]:
    return event("dashboard.saved", time, dashboard_id=dashboard_id, name=name, cards=cards)


@cache
def company_with_dashboards() -> MemoryStore:
    return folded([*_EVENTS, saved("all", "All reports", ALL), saved("a/b?c", HOSTILE, [])])


@pytest.fixture
def shop(served: Served) -> Shop:
    return Shop(served, *story("ada"), saved("sales", "Sales", [{"report": "analyze"}, {"report": "trend"}, {"report": "monthly"}]))


@pytest.fixture
async def browser(served: Served, shop: Shop) -> AsyncIterator[Browser]:
    await shop.apply()
    async with browsing(served) as browser:
        yield browser


async def send(browser: Browser, path: str, **fields: str) -> Response:
    """As a form of the page at the path would."""
    return await browser.client.post(path, data={"csrf": await browser.csrf(), **fields}, headers={"Origin": HERE})


async def looked_at(browser: Browser, path: str) -> Element:
    return await page(browser.client, path)


def titles(found: Element) -> list[str]:
    return [head.text for head in found.one("div", id="board").all("h2")]


def seen(found: Element) -> str:
    return found.all("input", name="seen")[0]["value"]


# ---- what cards say ----


@pytest.fixture
def company(served: Served) -> Served:
    served.reader = Reader(company_with_dashboards())
    return served


@pytest.fixture
async def client(company: Served) -> AsyncIterator[AsyncClient]:
    async with company.client() as client:
        yield client


async def cards(client: AsyncClient) -> dict[str, tuple[Element, Any]]:
    """Report -> its card, and what the API answers to the same question."""
    found = await page(client, "/dashboards/all")
    told = (await client.post("/v1/batch", json={"questions": (await client.get("/v1/dashboards/all")).json()["cards"]})).json()["answers"]
    shown = [element for element in found.walk() if "data-card" in element.attributes]
    assert [element["data-card"] for element in shown] == [str(place) for place in range(len(ALL))]
    assert [one["status"] for one in told] == [200] * len(ALL)
    return {card["report"]: (element, one["answer"]) for card, element, one in zip(ALL, shown, told, strict=True)}


def numbers(card: Element) -> list[list[str]]:
    """The numbers of each row, as a chart draws them."""
    return [[cell["data-value"] for cell in row.all("td", class_="number")] for row in card.one("tbody").all("tr")]


async def test_every_report_can_be_a_card_and_has_an_answer(client: AsyncClient) -> None:
    assert {card["report"] for card in ALL} == set(REPORTS)
    for report, (card, _) in (await cards(client)).items():
        assert "No answer" not in card.text, report
        assert card.all("table") or card.all("dl"), report


async def test_headline_numbers_are_those_of_the_report(client: AsyncClient) -> None:
    found = await cards(client)
    for report, reply in (("analyze", "reply_to_sequence"), ("performance", "reply")):
        card, told = found[report]
        tiles = [element for element in card.walk() if element.attributes.get("class") == "tile"]
        shown = [tile.all("data") for tile in tiles]
        rates = [told["rates"][rate] for rate in ("open", "click", reply, "meeting", "no_response", "bounce")]
        assert [[one["value"] for one in values] for values in shown] == [
            [str(told["enrollments"]["started"]), str(told["enrollments"]["contacts"])],
            *([str(rate["value"]), str(rate["numerator"]), str(rate["denominator"])] for rate in rates),
        ]
        assert shown[1][0].text == formats.percent(rates[0]["value"])
    assert {element["data-line"] for element in found["analyze"][0].all("data")} == {"*"}
    assert not [element for element in found["performance"][0].all("data") if "data-line" in element.attributes], "it is filtered"


async def test_charts_and_tables_are_those_of_the_reports(client: AsyncClient) -> None:
    found = await cards(client)
    card, told = found["trend"]
    names = ("enrollments", "contacts", "opened", "clicked", "replied", "met", "unsubscribed")
    assert numbers(card) == [[str(point[name]) for name in names] for point in told["points"]]
    assert card.one("figure")["data-chart"] == "line"
    card, told = found["monthly"]
    assert [row[2] for row in numbers(card)] == [repr(month["rates"]["open"]["value"]) for month in told["months"]]
    card, told = found["steps"]
    assert [row[0] for row in numbers(card)] == [
        str(one["active"]) for one in (told["no_step"], *(step["status"] for step in told["steps"]))
    ]
    card, told = found["sequences"]
    assert [row[:2] for row in numbers(card)] == [[str(one["enrollments"]), str(one["contacts"])] for one in told["sequences"][:8]]
    card, told = found["custom"]
    assert [row[0] for row in numbers(card)] == [
        repr(row["values"]["reply_rate"]["value"]) for row in sorted(told["rows"], key=lambda row: row["by"]["month"])
    ]
    for report, rows in (("contacts", "contacts"), ("enrollments", "enrollments")):
        card, told = found[report]
        assert [row.one("th").text for row in card.one("tbody").all("tr")] == [
            one["contact_name"] or one["contact_id"] for one in told[rows][:8]
        ]
        assert f"first 5 of {formats.number(told['total'])}" in card.text
    card, told = found["contact"]
    assert len(numbers(card)) == len(told["enrollments"])
    assert card.one("h2").text == f"{told['name']}: enrollments"


async def test_each_card_leads_to_its_page(client: AsyncClient) -> None:
    heads = {report: card.one("h2").all("a") for report, (card, _) in (await cards(client)).items()}
    found = {report: named[0]["href"] if named else None for report, named in heads.items()}
    assert found["performance"] == links.performance(SEQUENCE, {"team": ["team-north"]})
    assert found["steps"] == links.performance(SEQUENCE)
    assert found["trend"] == links.report("trend", {"interval": ["week"]})
    assert found["contact"] == links.contact(CONTACT)
    assert found["enrollments"] is None, "no page has those of all sequences"
    for href in filter(None, found.values()):
        assert (await client.get(href, follow_redirects=True)).status_code == 200, href


async def test_a_card_tells_what_narrows_it_down(client: AsyncClient) -> None:
    card, _ = (await cards(client))["performance"]
    assert card.one("h2").text == "North"
    assert "Team: team-north" in card.text


async def test_how_long_answers_take_is_whole_and_says_which_way_it_shows(served: Served) -> None:
    made: list[dict[str, Any]] = [
        {"report": "times"},
        {"report": "times", "parameters": {"way": "enrollment_to_meeting"}},
        {"report": "times", "parameters": {"way": "send_to_click"}, "title": "Clicks"},
    ]
    served.reader = Reader(await to_thread(folded, [*_EVENTS, saved("d", "D", made)]))
    async with served.client() as client:
        found = await page(client, "/dashboards/d")
        shown = [element for element in found.walk() if "data-card" in element.attributes]
        told = (await client.get("/v1/reports/times")).json()["times"]
        of = {one["measure"]: [[str(bar["count"])] for bar in one["histogram"]] for one in told}
        assert [numbers(card) for card in shown] == [of["send_to_open"], of["enrollment_to_meeting"], of["send_to_click"]]
        titles = [card.one("h2").text for card in shown]
        assert titles == ["Time to answer: from the send to the open", "Time to answer: from the start to the meeting", "Clicks"]


async def test_a_card_that_does_not_fit_shows_why_and_hides_no_other(served: Served) -> None:
    wrong: list[dict[str, Any]] = [
        {"report": "analyze", "parameters": {"basis": "pigeons"}},
        {"report": "nope"},
        {"report": "steps", "parameters": {"sequence_id": HOSTILE}},
        {"report": "steps"},
        {"report": "analyze"},
    ]
    await Shop(served, *story("ada"), saved("d", "D", wrong)).apply()
    async with served.client() as client:
        found = await page(client, "/dashboards/d")
        shown = [element for element in found.walk() if "data-card" in element.attributes]
        for card, told in zip(shown, ("basis: 'pigeons'", "'nope' is no report", repr(HOSTILE), "sequence_id", None), strict=True):
            assert ("No answer" in card.text) is (told is not None)
            assert told is None or told in card.text


# ---- the list, and names ----


async def test_the_list_is_that_of_the_api(client: AsyncClient) -> None:
    found = await page(client, "/dashboards")
    told = (await client.get("/v1/dashboards")).json()["dashboards"]
    assert {one["dashboard_id"] for one in told} == {"all", "a/b?c", "sales-floor"}
    lines = found.one("ul", class_="boards").all("li", class_="card")
    assert [line.one("h2").text for line in lines] == [one["name"] for one in told]
    assert [line.one("a")["href"] for line in lines] == [links.dashboard(one["dashboard_id"]) for one in told]
    for line, one in zip(lines, told, strict=True):
        assert f"{one['cards']} card" in line.text
        assert line.one("time")["datetime"] == one["saved_at"]


async def test_names_are_text_and_ids_may_be_anything(client: AsyncClient) -> None:
    found = await page(client, links.dashboard("a/b?c"))
    assert found.one("h1").text == HOSTILE
    assert "No cards yet" in found.one("main").text
    assert found.one("details", id="board-rename").one("form")["action"] == "/dashboards/a%2Fb%3Fc"


async def test_where_there_is_nothing_yet_it_says_what_to_do(served: Served) -> None:
    served.reader = Reader(MemoryStore())
    async with served.client() as client:
        found = await page(client, "/dashboards")
        assert "Add to dashboard" in found.one("main").text
        assert len(found.all("input", name="name")) == 1
        assert "there is no dashboard 'none'" in (await page(client, "/dashboards/none", status=404)).one("main").text.lower()


# ---- what is done there ----


async def test_a_dashboard_is_made_filled_arranged_renamed_and_deleted(browser: Browser, shop: Shop) -> None:
    async with working(shop):
        made = await send(browser, "/dashboards", name=f"  {HOSTILE} ")
        assert made.status_code == 303
        path = made.headers["Location"].partition("?")[0]
        found = await looked_at(browser, made.headers["Location"])
        assert (found.one("h1").text, found.one("div", id="notice").text) == (HOSTILE, "Saved.")
        dashboard_id = path.rpartition("/")[2]

        for query in ("report=analyze", f"report=performance&sequence_id=s-1&opens=all&dashboard={dashboard_id}", "report=trend"):
            asked = await looked_at(browser, f"/dashboards/add?{query}")
            form = next(one for one in asked.all("form") if one.all("input", name="title"))
            added = await send(browser, form["action"], dashboard=dashboard_id, title="One" if "trend" in query else "")
            found = await looked_at(browser, added.headers["Location"])
        assert titles(found) == ["All sequences", "s-1: performance", "One"]
        assert "Opens: all" in found.one("div", id="board").text

        for fields, expected in (
            ({"do": "up", "card": "2"}, ["All sequences", "One", "s-1: performance"]),
            ({"do": "down", "card": "0"}, ["One", "All sequences", "s-1: performance"]),
            ({"do": "move", "card": "0", "to": "2"}, ["All sequences", "s-1: performance", "One"]),
            ({"do": "title", "card": "1", "title": HOSTILE}, ["All sequences", HOSTILE, "One"]),
            ({"do": "title", "card": "2", "title": " "}, ["All sequences", HOSTILE, "Trend by day"]),
            ({"do": "remove", "card": "0"}, [HOSTILE, "Trend by day"]),
        ):
            done = await send(browser, path, seen=seen(found), **fields)
            found = await looked_at(browser, done.headers["Location"])
            assert titles(found) == expected
        done = await send(browser, path, seen=seen(found), do="rename", name="Plain")
        found = await looked_at(browser, done.headers["Location"])
        assert found.one("h1").text == "Plain"
        told = (await browser.get(f"/v1{path}")).json()
        assert told["name"] == "Plain"
        assert [card["report"] for card in told["cards"]] == ["performance", "trend"]
        assert told["cards"][0]["parameters"] == {"opens": ["all"], "sequence_id": ["s-1"]}

        gone = await send(browser, path, seen=seen(found), do="delete")
        listed = await looked_at(browser, gone.headers["Location"])
        assert "The dashboard “Plain” is deleted." in listed.one("div", id="notice").text
        assert (await browser.get(path)).status_code == 404
        undo = listed.one("div", id="notice").one("form")
        back = await send(browser, undo["action"], do=undo.one("button")["value"])
        assert titles(await looked_at(browser, back.headers["Location"])) == [HOSTILE, "Trend by day"]
    written = shop.written()
    assert {one["source"] for one in written} == {"tally/dashboard"}
    assert [one["type"] for one in written] == ["dashboard.saved"] * 11 + ["dashboard.deleted", "dashboard.saved"]
    assert [one["time"] for one in written] == sorted({one["time"] for one in written})


async def test_a_new_dashboard_can_be_made_of_a_card(browser: Browser, shop: Shop) -> None:
    async with working(shop):
        added = await send(browser, "/dashboards/add?report=monthly&team=t-1", dashboard="", name="Über uns", title="")
        assert added.headers["Location"].startswith("/dashboards/%C3%BCber-uns-")
        assert titles(await looked_at(browser, added.headers["Location"])) == ["Rates by month"]
        nameless = await send(browser, "/dashboards/add?report=monthly", dashboard="", name=" ")
        assert nameless.status_code == 400
        assert "name: is missing" in checked(nameless).one("main").text


async def test_who_changes_what_somebody_has_changed_is_told_and_nothing_is_done(browser: Browser, shop: Shop) -> None:
    async with working(shop):
        stale = seen(await looked_at(browser, "/dashboards/sales"))
        await send(browser, "/dashboards/sales", seen=stale, do="remove", card="0")
        for fields in ({"do": "remove", "card": "0"}, {"do": "delete"}, {"do": "rename", "name": "Mine"}, {"do": "restore"}):
            refused = await send(browser, "/dashboards/sales", seen=stale, **fields)
            found = await looked_at(browser, refused.headers["Location"])
            assert "Somebody has changed this dashboard since you have seen it" in found.one("div", id="notice").text
            assert titles(found) == ["Trend by day", "Rates by month"]
    assert len(shop.written()) == 1


async def test_of_two_saves_at_the_same_moment_the_later_one_is_shown_and_said(browser: Browser, shop: Shop) -> None:
    async with working(shop) as applied:
        found = await looked_at(browser, "/dashboards/sales")
        mine = await send(browser, "/dashboards/sales", seen=seen(found), do="rename", name="Mine")
        shop.log.add({**saved("sales", "Theirs", []), "time": "2090-01-01T00:00:00Z"})  # by another process, which has not seen mine
        await applied()
        found = await looked_at(browser, mine.headers["Location"])
        assert found.one("h1").text == "Theirs"
        assert "Somebody has saved this dashboard after you" in found.one("div", id="notice").text


async def test_without_a_worker_it_says_that_it_waits(browser: Browser, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_desk, "PATIENCE", 0.0)
    found = await looked_at(browser, "/dashboards/sales")
    done = await send(browser, "/dashboards/sales", seen=seen(found), do="remove", card="0")
    found = await looked_at(browser, done.headers["Location"])
    assert "as soon as a worker has applied it" in found.one("div", id="notice").text
    assert "data-again" in found.one("main").attributes
    assert len(titles(found)) == 3
    again = await send(browser, "/dashboards/sales", seen=seen(found), do="remove", card="0")
    assert again.status_code == 503
    await shop.apply()
    found = await looked_at(browser, done.headers["Location"])
    assert (found.one("div", id="notice").text, len(titles(found))) == ("Saved.", 2)
    made = await send(browser, "/dashboards", name="New")
    assert "as soon as a worker has applied it" in (await looked_at(browser, made.headers["Location"])).one("main").text


async def test_a_log_that_is_away_is_told_and_nothing_is_done(served: Served, browser: Browser, shop: Shop) -> None:
    found = await looked_at(browser, "/dashboards/sales")
    shop.log.fails.append(b"dashboard.saved")
    assert (await send(browser, "/dashboards/sales", seen=seen(found), do="remove", card="0")).status_code == 503

    def away() -> Log:
        raise LogUnavailable("brokers at 10.1.2.3")

    served.log = away
    async with browsing(served) as other:
        answer = await send(other, "/dashboards/sales", seen=seen(found), do="remove", card="0")
        assert answer.status_code == 503
        assert "10.1.2.3" not in answer.text


@pytest.mark.parametrize(
    "fields",
    [
        *({"do": "remove", "card": card, "seen": "s"} for card in ("", "3", "-1", "x", "٣")),
        {"do": "move", "card": "0", "to": "3", "seen": "s"},
        {"do": "explode", "seen": "s"},
        {"do": "rename", "name": " ", "seen": "s"},
        {"do": "remove", "card": "0"},
        {},
    ],
)
async def test_what_is_no_form_of_ours_changes_nothing(browser: Browser, shop: Shop, fields: dict[str, str]) -> None:
    found = await looked_at(browser, "/dashboards/sales")
    sent = {name: seen(found) if value == "s" else value for name, value in fields.items()}
    answer = await send(browser, "/dashboards/sales", **sent)
    assert answer.status_code == 400
    assert len(checked(answer).all("h1")) == 1
    assert shop.written() == []


# ---- who may ----


async def test_who_may_only_read_sees_no_buttons_and_changes_nothing(served: Served, shop: Shop) -> None:
    await shop.apply()
    _, reader = served.tokens.create("default", [Scope.READ], "", NOW)
    _, actor = served.tokens.create("default", [Scope.READ, Scope.ACT], "Eva", NOW)
    async with browsing(served, reader) as browser:
        for path in ("/dashboards", "/dashboards/sales"):
            assert (await looked_at(browser, path)).one("main").all("form") == []
        answer = await browser.get("/dashboards/add?report=analyze")
        assert (answer.status_code, "does not allow to act" in answer.text) == (403, True)
        for path, fields in (
            ("/dashboards/sales", {"do": "delete"}),
            ("/dashboards", {"name": "x"}),
            ("/dashboards/add?report=analyze", {}),
        ):
            assert (await send(browser, path, **fields)).status_code == 403
    assert shop.written() == []
    async with browsing(served, actor) as browser, working(shop):
        found = await looked_at(browser, "/dashboards/sales")
        assert (await send(browser, "/dashboards/sales", seen=seen(found), do="remove", card="0")).status_code == 303
    assert {name: shop.written()[0].get(name) for name in ("actor", "actorlabel")} == {
        "actor": served.tokens.all()[1].id,
        "actorlabel": "Eva",
    }


async def test_a_form_from_elsewhere_or_without_the_value_of_our_page_changes_nothing(browser: Browser, shop: Shop) -> None:
    found = await looked_at(browser, "/dashboards/sales")
    fields = {"do": "delete", "seen": seen(found)}
    csrf = await browser.csrf()
    for data, origin in ((fields, HERE), ({**fields, "csrf": "0" * 64}, HERE), ({**fields, "csrf": csrf}, "https://evil.example")):
        answer = await browser.client.post("/dashboards/sales", data=data, headers={"Origin": origin})
        assert answer.status_code == 403
    assert shop.written() == []


# ---- choosing ----


async def test_the_page_that_adds_shows_what_it_will_be(client: AsyncClient) -> None:
    found = await page(client, f"/dashboards/add?report=performance&sequence_id={SEQUENCE}&team=team-north&dashboard=all")
    (told,) = (
        await client.post(
            "/v1/batch", json={"questions": [{"report": "performance", "parameters": {"sequence_id": SEQUENCE, "team": "team-north"}}]}
        )
    ).json()["answers"]
    assert found.one("div", class_="preview").all("data")[0]["value"] == str(told["answer"]["enrollments"]["started"])
    assert [one["value"] for one in found.all("input", name="dashboard") if "checked" in one.attributes] == ["all"]
    wrong = await page(client, "/dashboards/add?report=performance&sequence_id=s&colour=red", status=400)
    assert "colour: is no parameter of this report" in wrong.one("main").text


async def test_the_page_of_a_sequence_leads_to_its_cards_with_its_filters(client: AsyncClient) -> None:
    found = await page(client, f"/performance/{SEQUENCE}?team=team-north&basis=enrollments")
    hrefs = [link["href"] for link in found.all("a") if link["href"].startswith("/dashboards/add")]
    assert [href.partition("report=")[2].partition("&")[0] for href in hrefs] == ["performance", "steps", "funnel", "trend"]
    for href in hrefs:
        shown = (await page(client, href)).one("div", class_="preview")
        assert "No answer" not in shown.text
        assert "team-north" in shown.text


async def test_every_report_that_is_offered_can_be_added(client: AsyncClient) -> None:
    found = await page(client, "/dashboards/add?dashboard=all")
    offers = [link["href"] for link in found.one("ul", class_="boards").all("a") if "/dashboards/add" in link["href"]]
    assert len(offers) > 10
    for href in offers:
        assert href.endswith("dashboard=all")
        assert "No answer" not in (await page(client, href)).one("main").text


async def test_a_dashboard_may_even_be_called_add(served: Served) -> None:
    await Shop(served, saved("add", "Sums", [{"report": "analyze"}])).apply()
    async with served.client() as client:
        assert (await page(client, links.dashboard("add"))).one("h1").text == "Sums"
