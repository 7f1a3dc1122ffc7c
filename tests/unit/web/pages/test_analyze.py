"""The page Analyze shows what the reports say, for the same query."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.unit.web.conftest import SEQUENCE, Served
from tests.unit.web.pages.markup import Element, page
from tests.unit.web.pages.told import HOSTILE, at, hostile_story, numbers_in, told, written
from web.pages import formats, links
from web.pages.analyze import COLUMNS, TILES
from web.pages.meanings import OUTCOME_COLOURS, OUTCOMES, RATES, TOTALS
from web.settings import WebSettings

QUERIES = [
    "",
    "team=team-north&team=team-south&enrolled_from=2026-04-01&time_zone=Europe%2FBerlin",
    "opens=all&basis=enrollments&status=unenrolled:replied&status=active",
    "basis=messages&sequence=spring-outreach",
    "variant=nobody+has+it",
]


def only(query: str, *without: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in without)


@pytest.mark.parametrize("query", QUERIES)
async def test_the_tiles_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, f"/analyze?{query}")
    report = await told(client, "/v1/analyze", query)
    numbers = report["enrollments"]
    assert "reply" in TILES
    assert "reply_to_sequence" in TILES
    total = found.one("div", id="tile-enrollments").one("dd")
    assert total.text == f"{formats.number(numbers['started'])} {formats.number(numbers['contacts'])} unique"
    for rate in TILES:
        tile = found.one("div", id=f"tile-{rate}")
        assert tile.one("dd").text.startswith(written(report["rates"][rate]))
        assert tile.one("dt").text.startswith(RATES[rate])


@pytest.mark.parametrize("query", [*QUERIES, "sort=meeting&order=asc", "sort=name&order=asc&team=team-north", "sort=bounce&page=1"])
async def test_the_sequences_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, f"/analyze?{query}")
    report = await told(client, "/v1/sequences", only(query, "page"))
    filtered = (await told(client, "/v1/analyze", only(query, "page", "sort", "order")))["filters"]
    lines = [line for line in report["sequences"] if line["enrollments"] or not filtered]
    section = found.one("section", id="sequences")
    if not lines:
        assert "No sequence has an enrollment here." in section.text
        return
    assert [row[1:] for row in section.one("table").rows()] == [
        [written(at(line, column)) for column in ("enrollments", "contacts", *(f"rates.{rate}" for rate in COLUMNS))] for line in lines
    ]
    sorts = section.one("thead").all("a")
    assert len(sorts) == len(section.one("thead").all("th"))


@pytest.mark.parametrize("query", QUERIES)
async def test_the_engaged_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found, seen = await page(client, f"/analyze?{query}"), 0
    cursor = ""
    while True:
        report = await told(client, "/v1/analyze/contacts", f"{only(query, 'basis')}&limit=20{cursor}")
        section = found.one("section", id="engaged")
        assert f"{formats.number(report['total'])} enrollment" in section.text
        rows = section.one("table").rows() if report["contacts"] else []
        zone = "Europe/Berlin" if "Berlin" in query else "UTC"
        for row, one in zip(rows, report["contacts"], strict=True):
            assert row[0].startswith(one["contact_name"] or one["contact_id"])
            assert row[2] == one["sequence_name"]
            assert row[4:6] == [formats.number(one["clicks"]), formats.number(one["opens"])]
            assert row[6:8] == ["Yes" if one[flag] else "–" for flag in ("replied", "met")]
            assert row[8] == formats.moment(one["last_engaged_at"], zone)
        seen += len(rows)
        next_ = "".join(link["href"] for link in section.all("a", rel="next"))
        assert (not next_) == (report["next"] is None)
        if not next_ or seen >= 60:
            break
        cursor = f"&cursor={parse_qs(next_.partition('#')[0].removeprefix('?'))['cursor'][0]}"
        found = await page(client, f"/analyze{next_.partition('#')[0]}")


@pytest.mark.parametrize("query", QUERIES)
async def test_what_is_below_is_that_of_the_reports(client: AsyncClient, query: str) -> None:
    found = await page(client, f"/analyze?{query}&interval=month")
    report = await told(client, "/v1/analyze", query)
    assert rows_of(found, "outcomes") == [[OUTCOMES[name], written(value)] for name, value in report["outcomes"].items()]
    replies = (await told(client, "/v1/reports/sentiment", only(query, "basis")))["total"]
    assert rows_of(found, "sentiment") == [
        [label, written(replies[name])]
        for name, label in (("positive", "Positive"), ("neutral", "Neutral"), ("negative", "Negative"), ("unknown", "Not told"))
    ]
    totals = found.one("section", aria_labelledby="totals-title").one("dl")
    assert [one.text for one in totals.all("dt")] == [TOTALS[name] for name in report["totals"]]
    assert [one.text for one in totals.all("dd")] == [written(value) for value in report["totals"].values()]
    points = (await told(client, "/v1/reports/trend", f"{only(query, 'basis')}&interval=month"))["points"]
    if points:
        columns = ("enrollments", "contacts", "opened", "clicked", "replied", "met", "unsubscribed")
        rows = found.one("figure", id="trend").one("table").rows()
        assert [row[1:] for row in rows] == [[written(point[column]) for column in columns] for point in points]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_files_have_the_numbers_of_the_tables(client: AsyncClient, query: str) -> None:
    found = await page(client, f"/analyze?{query}")
    shown = {name: [row[1] for row in rows_of(found, name)] for name in ("outcomes", "sentiment")}
    shown["totals"] = [one.text for one in found.one("section", aria_labelledby="totals-title").all("dd")]
    for name, numbers in shown.items():
        assert await numbers_in(client, found.one("a", download=f"{name}.csv")["href"]) == numbers


async def test_an_outcome_has_the_same_colour_everywhere(client: AsyncClient) -> None:
    assert OUTCOME_COLOURS.keys() == OUTCOMES.keys()
    for path in ("/analyze", f"/performance/{SEQUENCE}"):
        table = (await page(client, path)).one("section", aria_labelledby="outcomes-title")
        assert [bar["data-color"] for bar in table.all("svg", class_="meter")] == list(OUTCOME_COLOURS.values())


async def test_only_numbers_without_filters_are_marked_to_be_pushed(client: AsyncClient) -> None:
    lines = {line["sequence_id"]: line for line in (await told(client, "/v1/sequences"))["sequences"]}
    total = await told(client, "/v1/analyze")
    lines["*"] = {**total["enrollments"], "enrollments": total["enrollments"]["started"], "rates": total["rates"]}
    marked = [element for element in (await page(client, "/analyze")).all("data") if "data-line" in element.attributes]
    assert len(marked) == 2 + 3 * len(TILES) + (len(lines) - 1) * (2 + 3 * len(COLUMNS))
    for element in marked:
        value = at(lines[element["data-line"]], element["data-of"])
        assert element["value"] == ("" if value is None else str(value))
    for query in ("team=team-north", "opens=all", "basis=enrollments"):
        assert not [one for one in (await page(client, f"/analyze?{query}")).all("data") if "data-line" in one.attributes]


async def test_filters_go_along_with_every_link(client: AsyncClient) -> None:
    found = await page(client, "/analyze?team=team-north&opens=all&sequence=spring-outreach")
    wanted = {"team": ["team-north"], "opens": ["all"]}
    for link in found.one("main").all("a"):
        path, query = urlsplit(link["href"]).path, parse_qs(urlsplit(link["href"]).query)
        if path.startswith(("/performance/", "/dashboards/add", "/v1/")):
            assert wanted.items() <= query.items(), link["href"]
            assert ("sequence" in query) != path.startswith("/performance/"), "the page of a sequence is about that one"
        if path.startswith(("/performance/", "/v1/")):
            answer = await client.get(link["href"])
            assert answer.status_code == 200, link["href"]


async def test_a_page_of_a_list_is_none_of_another_list(client: AsyncClient) -> None:
    first = await page(client, "/analyze")
    (next_,) = first.one("section", id="engaged").all("a", rel="next")
    second = await page(client, f"/analyze{next_['href'].partition('#')[0]}")
    bar = second.one("section", aria_label="Filters")
    assert not bar.all("input", name="cursor")
    assert not [link["href"] for link in bar.all("a") if "cursor" in link["href"]]
    assert second.one("section", id="engaged").all("a", rel="first")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("sort=beauty", "sort"),
        ("order=up", "order"),
        ("page=none", "page"),
        ("cursor=beyond", "cursor"),
        ("interval=year", "interval"),
        ("basis=people", "basis"),
        ("enrolled_to=2026-02-30", "enrolled_to"),
        ("limit=5", "limit"),
    ],
)
async def test_a_wrong_parameter_is_named(client: AsyncClient, query: str, named: str) -> None:
    assert f"{named}: " in (await page(client, f"/analyze?{query}", 400)).one("main").text


async def test_before_the_first_event_it_says_so(served: Served) -> None:
    served.reader = Reader(MemoryStore())
    async with served.client() as client:
        found = await page(client, "/analyze")
        assert "Nobody has been enrolled yet" in found.one("main").text
        assert found.one("div", id="tile-open").one("dd").text.startswith("–")


async def test_hostile_names_are_text(hostile: Served) -> None:
    async with hostile.client() as client:
        found = await page(client, "/analyze")
        (row,) = found.one("section", id="engaged").one("table").rows()
        assert row[:3] == [HOSTILE, HOSTILE, HOSTILE]
        for link in found.one("section", id="engaged").one("tbody").all("a"):
            assert link["href"].count("/") == 2
            assert not set(link["href"]) & set("<>\"'")


async def test_the_crm_is_a_link_away(hostile: Served) -> None:
    hostile.settings = WebSettings(
        web_contact_url="https://crm.example/c/{id}",
        web_company_url="https://crm.example/o/{id}",
        web_sequence_url="https://crm.example/s/{id}",
    )
    async with hostile.client() as client:
        external = [link["href"] for link in (await page(client, "/analyze")).all("a", rel="external noreferrer")]
        assert external == [f"https://crm.example/{place}/{links.part(HOSTILE)}" for place in "scos"]


@pytest.fixture
def hostile(served: Served) -> Served:
    served.reader = Reader(folded(hostile_story()))
    return served


def rows_of(found: Element, name: str) -> list[list[Any]]:
    return [row[:2] for row in found.one("section", aria_labelledby=f"{name}-title").one("table").rows()]
