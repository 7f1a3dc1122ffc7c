"""The page Performance shows what the reports say, for the same query."""

from typing import Any

import pytest
from httpx import AsyncClient

from tests.unit.web.conftest import SEQUENCE
from tests.unit.web.pages.markup import Element, page
from tests.unit.web.pages.told import numbers_in
from web.pages import formats
from web.pages.meanings import OUTCOMES, TOTALS

PATH = f"/performance/{SEQUENCE}"
QUERIES = [
    "",
    "?team=team-north&team=team-south&enrolled_from=2026-04-01&time_zone=Europe%2FBerlin",
    "?opens=all&basis=enrollments&status=unenrolled:replied&status=active",
    "?basis=messages&interval=month",
]
NOBODY = "?variant=nobody+has+it"
TILES = ("open", "click", "reply", "meeting", "no_response", "bounce")
RATES = ("open", "click", "reply", "meeting", "bounce")


async def told(client: AsyncClient, path: str, query: str, *without: str) -> Any:
    """What the API says to the query of a page."""
    pairs = [pair for pair in query.removeprefix("?").split("&") if pair and pair.partition("=")[0] not in without]
    answer = await client.get(f"{path}?{'&'.join(pairs)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def share(rate: dict[str, Any]) -> str:
    return f"{formats.percent(rate['value'])} {formats.number(rate['numerator'])} / {formats.number(rate['denominator'])}"


@pytest.mark.parametrize("query", [*QUERIES, NOBODY])
async def test_the_tiles_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    report = await told(client, f"/v1/sequences/{SEQUENCE}/performance", query, "interval")
    numbers = report["enrollments"]
    total = found.one("div", id="tile-enrollments").one("dd")
    assert total.text == f"{formats.number(numbers['started'])} {formats.number(numbers['contacts'])} unique"
    for rate in TILES:
        tile = found.one("div", id=f"tile-{rate}")
        one = report["rates"][rate]
        assert tile.one("dd").text == f"{share(one)} {one['basis']}"
        assert len(tile.one("span", role="tooltip").text) > 20
    assert found.one("h1").text == report["name"]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_steps_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    report = await told(client, f"/v1/sequences/{SEQUENCE}/steps", query, "interval", "basis")
    rows = found.one("figure", id="by-step").one("table").rows()
    statuses = ("active", "paused", "finished", "unenrolled", "errored")
    assert [row[1:-1] for row in rows] == [
        [formats.number(counts[status]) for status in statuses]
        for counts in (report["no_step"], *(step["status"] for step in report["steps"]))
    ]
    assert [row[-1] for row in rows[1:]] == [formats.number(step["total"]) for step in report["steps"]]
    table = found.one("section", aria_labelledby="steps-title").one("table")
    assert [row[2:] for row in table.rows()] == [
        [*(formats.number(step[name]) for name in ("executed", "skipped", "sent")), *(share(step["rates"][rate]) for rate in RATES)]
        for step in report["steps"]
    ]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_funnel_and_the_trend_are_those_of_the_reports(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    funnel = await told(client, f"/v1/sequences/{SEQUENCE}/funnel", query, "interval", "basis")
    rows = found.one("figure", id="funnel").one("table").rows()
    assert [[row[1], *row[3:]] for row in rows] == [
        [
            *(formats.number(step[name]) for name in ("reached", "waiting", "answered", "dropped")),
            *(formats.percent(step[name]["value"]) for name in ("reach", "drop_off")),
        ]
        for step in funnel["steps"]
    ]
    interval = "" if "interval" in query else "&interval=week"
    trend = await told(client, "/v1/reports/trend", f"{query}{interval}&sequence={SEQUENCE}", "basis")
    rows = found.one("figure", id="trend").one("table").rows()
    names = ("enrollments", "opened", "clicked", "replied", "met")
    assert [row[1:] for row in rows] == [[formats.number(point[name]) for name in names] for point in trend["points"]]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_outcomes_and_the_totals_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    report = await told(client, f"/v1/sequences/{SEQUENCE}/performance", query, "interval")
    rows = found.one("section", aria_labelledby="outcomes-title").one("table").rows()
    assert [row[:2] for row in rows] == [[OUTCOMES[name], formats.number(value)] for name, value in report["outcomes"].items()]
    totals = found.one("section", aria_labelledby="totals-title").one("dl")
    assert [one.text for one in totals.all("dt")] == [TOTALS[name] for name in report["totals"]]
    assert [one.text for one in totals.all("dd")] == [formats.number(value) for value in report["totals"].values()]


@pytest.mark.parametrize("query", QUERIES[:3])
async def test_behind_every_number_of_the_steps_is_the_list_of_those_that_it_counts(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    links = [(cell["data-value"], link["href"]) for cell in found.all("td") if "data-value" in cell.attributes for link in cell.all("a")]
    assert links
    for count, href in links:
        assert href.startswith(f"/enrollments/{SEQUENCE}?")
        listed = (await client.get(f"/v1/enrollments?sequence={SEQUENCE}&{href.partition('?')[2]}")).json()
        assert str(listed["contacts"] if "cell=executed" in href or "cell=skipped" in href else listed["total"]) == count


async def test_where_nobody_passes_the_filters_there_is_nothing_to_draw(client: AsyncClient) -> None:
    found = await page(client, PATH + NOBODY)
    assert "No enrollment passes these filters." in found.text
    assert found.all("figure") == []


async def test_filters_go_along_with_every_link(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?team=team-north&opens=all")
    tabs = found.one("nav", aria_label="Of this sequence").all("a")
    assert [tab["href"] for tab in tabs] == [f"{PATH}?team=team-north&opens=all", f"/enrollments/{SEQUENCE}?team=team-north&opens=all"]
    for link in (*found.one("figure", id="trend").all("a"), *found.one("figure", id="by-step").all("a")):
        assert "team=team-north" in link["href"]
        assert "opens=all" in link["href"]
    form = found.one("form", data_filters="")
    assert ("opens", "all") in [(field["name"], field["value"]) for field in form.all("input", type="hidden")]
    assert [field["value"] for field in form.all("input", type="checkbox") if "checked" in field.attributes] == ["team-north"]


async def test_the_bar_offers_what_the_enrollments_of_the_sequence_have(client: AsyncClient) -> None:
    found = await page(client, PATH)
    for field, dimension in (("company", "company"), ("enrolled_by", "user"), ("team", "team"), ("variant", "variant")):
        told = (await client.get(f"/v1/reports/custom?measure=started&by={dimension}&sequence={SEQUENCE}&limit=51")).json()
        ticks = found.one("details", id=f"filter-{field}").all("label", class_="tick")
        rows = [row for row in told["rows"] if row["by"][dimension] is not None][:50]
        assert [tick.one("input")["value"] for tick in ticks] == [row["by"][dimension] for row in rows]
        assert [tick.one("span", class_="small").text for tick in ticks] == [formats.number(row["values"]["started"]) for row in rows]
        called = [tick.all("span")[0].text for tick in ticks]
        assert (called == [row["by"][dimension] for row in rows]) == (field != "company")


async def test_a_form_with_empty_fields_asks_for_nothing_more(client: AsyncClient) -> None:
    plain, sent = await page(client, PATH), await page(client, f"{PATH}?team=&company=&enrolled_from=&enrolled_to=")
    assert tile_texts(plain) == tile_texts(sent)


async def test_only_numbers_without_filters_are_marked_to_be_pushed(client: AsyncClient) -> None:
    line = next(one for one in (await client.get("/v1/sequences")).json()["sequences"] if one["sequence_id"] == SEQUENCE)
    marked = [element for element in (await page(client, PATH)).all("data") if "data-line" in element.attributes]
    assert len(marked) == 2 + 3 * len(TILES)
    for element in marked:
        value: Any = line
        for name in element["data-of"].split("."):
            value = value[name]
        assert (element["data-line"], element["value"]) == (SEQUENCE, str(value))
    for query in ("?team=team-north", "?opens=all", "?basis=enrollments"):
        assert not [element for element in (await page(client, PATH + query)).all("data") if "data-line" in element.attributes]


async def test_files_are_those_of_the_same_query(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?team=team-north&basis=enrollments")
    links = [link["href"] for link in found.all("a") if "download" in link.attributes]
    assert len(links) == 5
    for link in links:
        answer = await client.get(link)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert "team=team-north" in link


@pytest.mark.parametrize("query", QUERIES)
async def test_the_files_of_the_tables_have_their_numbers(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    outcomes = [row[1] for row in found.one("section", aria_labelledby="outcomes-title").one("table").rows()]
    totals = [one.text for one in found.one("section", aria_labelledby="totals-title").all("dd")]
    assert await numbers_in(client, found.one("a", download="outcomes.csv")["href"]) == outcomes
    assert await numbers_in(client, found.one("a", download="totals.csv")["href"]) == totals


def tile_texts(found: Element) -> list[str]:
    return [tile.text for tile in found.all("div", class_="tile")]
