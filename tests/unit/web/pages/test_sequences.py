"""The page Sequences shows what the report says."""

from asyncio import to_thread
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from projections.reports.custom import MOST_ROWS
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.stories import event, story
from tests.unit.web.conftest import Served
from tests.unit.web.pages.markup import Element, page
from web.pages import formats, links

HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"


def lines(found: Element) -> list[list[str]]:
    return [row[:6] for row in found.one("table").rows()]


def expected(told: dict[str, Any]) -> list[list[str]]:
    return [
        [
            line["name"] or line["sequence_id"],
            line["owner_id"] or "–",
            formats.local_day(line["created_at"], "UTC"),
            formats.number(line["contacts"]),
            formats.percent(line["rates"]["reply"]["value"]),
            formats.percent(line["rates"]["meeting"]["value"]),
        ]
        for line in told["sequences"]
        if not line["archived"]
    ]


@pytest.mark.parametrize("query", ["", "?sort=name&order=asc", "?sort=reply", "?sort=created_at&order=asc"])
async def test_the_lines_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, f"/sequences{query}")
    told = (await client.get(f"/v1/sequences{query}")).json()
    assert len(told["sequences"]) > 2
    assert lines(found) == expected(told)
    assert [head.all("a")[0]["href"] for head in found.one("tbody").all("th")] == [
        links.performance(line["sequence_id"]) for line in told["sequences"] if not line["archived"]
    ]


async def test_every_column_sorts_in_both_directions(client: AsyncClient) -> None:
    found = await page(client, "/sequences?q=o&sort=reply&order=desc")
    headers = found.one("thead").all("th")
    assert [header.attributes.get("aria-sort") for header in headers if "aria-sort" in header.attributes] == ["descending"]
    assert [link["href"] for link in found.one("thead").all("a")] == [
        "?q=o&sort=name&order=asc",
        "?q=o&sort=owner_id&order=asc",
        "?q=o&sort=created_at&order=desc",
        "?q=o&sort=contacts&order=desc",
        "?q=o&sort=reply&order=asc",
        "?q=o&sort=meeting&order=desc",
    ]


async def test_numbers_are_marked_so_that_they_can_move(client: AsyncClient) -> None:
    found = await page(client, "/sequences")
    told = {line["sequence_id"]: line for line in (await client.get("/v1/sequences")).json()["sequences"] if not line["archived"]}
    marked = [element for element in found.all("data") if "data-line" in element.attributes]
    assert len(marked) == 3 * len(told)
    for element in marked:
        value: Any = told[element["data-line"]]
        for name in element["data-of"].split("."):
            value = value[name]
        assert element["value"] == ("" if value is None else str(value))
        assert element.text == {"number": formats.number, "percent": formats.percent}[element["data-as"]](value)


async def test_a_part_of_the_name_finds_a_sequence(client: AsyncClient) -> None:
    found = await page(client, "/sequences?q=+SPRING+&sort=name")
    assert [row[0] for row in lines(found)] == ["Spring outreach"]
    assert found.one("input", name="q")["value"] == " SPRING "
    assert [(field["name"], field["value"]) for field in found.all("input", type="hidden")] == [("sort", "name")]
    nothing = await page(client, "/sequences?q=nobody+has+this")
    assert not nothing.all("table")
    assert "nobody has this" in nothing.one("main").text


async def test_archived_ones_are_shown_on_demand(served: Served) -> None:
    archived = {
        "specversion": "1.0",
        "type": "sequence.archived",
        "source": "test",
        "id": "archived",
        "time": "2026-03-09T00:00:00Z",
        "data": {"sequence_id": "s-1"},
    }
    served.reader = Reader(await to_thread(folded, [*story("ada"), archived]))
    async with served.client() as client:
        hidden = await page(client, "/sequences?order=asc&sort=sequence_id")
        assert [row[0] for row in lines(hidden)] == ["s-2"]
        shown = await page(client, f"/sequences{hidden.one('div', aria_label='Archived').all('a')[1]['href']}")
        assert [row[0] for row in lines(shown)] == ["s-1 archived", "s-2"]
        nothing = await page(client, "/sequences?q=s-1")
        assert "?q=s-1&archived=show" in [link["href"] for link in nothing.one("main").all("a")]


async def test_where_there_is_nothing_yet_it_says_what_to_do(served: Served) -> None:
    served.reader = Reader(MemoryStore())
    async with served.client() as client:
        assert "tally publish" in (await page(client, "/sequences")).one("main").text


async def test_names_are_text_whatever_they_are(served: Served) -> None:
    defined = {
        "specversion": "1.0",
        "type": "sequence.defined",
        "source": "test",
        "id": "defined",
        "time": "2026-03-01T00:00:00Z",
        "data": {"sequence_id": HOSTILE, "name": HOSTILE, "version": 1, "steps": [], "owner_id": "javascript:alert(1)"},
    }
    started = event("enrollment.started", "10:00", contact_id="c", enrollment_id="e", sequence_id=HOSTILE)
    served.reader = Reader(await to_thread(folded, [defined, started]))
    async with served.client() as client:
        found = await page(client, "/sequences")
        assert lines(found)[0][:2] == [HOSTILE, "javascript:alert(1)"]
        link = found.one("tbody").one("th").one("a")["href"]
        performance = await page(client, link)
        assert performance.one("h1").text == HOSTILE
        assert HOSTILE in performance.one("title").text
        assert "&lt;script&gt;" in (await client.get(link)).text


async def test_many_sequences_come_in_pages(served: Served) -> None:
    names = [f"s-{number:03}" for number in range(250)]
    started = [event("enrollment.started", "10:00", contact_id="c", enrollment_id=f"e-{name}", sequence_id=name) for name in names]
    served.reader = Reader(await to_thread(folded, started))
    async with served.client() as client:
        seen, path, pages = [], "/sequences?order=asc&sort=sequence_id", 0
        while path:
            found = await page(client, path)
            seen += [row[0] for row in lines(found)]
            path, pages = next((f"/sequences{link['href']}" for link in found.all("a", rel="next")), ""), pages + 1
        assert (pages, seen) == (3, names)
        assert "101–200 of 250" in (await page(client, "/sequences?page=2")).one("main").text


async def test_the_weeks_of_each_are_shown_however_many_there_are(served: Served) -> None:
    """More than a report has rows for; the last ones would be without."""
    now = datetime.now(UTC)
    weeks = [(now - timedelta(weeks=week)).strftime("%Y-%m-%dT%H:%M:%SZ") for week in range(12)]
    names = [f"s-{number:03}" for number in range(MOST_ROWS // 12 + 20)]
    started = [
        event("enrollment.started", "10:00", contact_id="c", enrollment_id=f"{name}-{week}", sequence_id=name) | {"time": time}
        for name in names
        for week, time in enumerate(weeks)
    ]
    served.reader = Reader(await to_thread(folded, started))
    async with served.client() as client:
        for number in (1, 9):
            found = await page(client, f"/sequences?order=asc&sort=sequence_id&page={number}")
            assert [row[0] for row in lines(found)] == names[(number - 1) * 100 : number * 100]
            for spark in found.all("svg", class_="spark"):
                assert spark["aria-label"].endswith(f": {', '.join(['1'] * 12)}")


async def test_search_and_order_go_along_with_the_pages(served: Served) -> None:
    names = [f"s-{number:03}" for number in range(150)]
    started = [event("enrollment.started", "10:00", contact_id="c", enrollment_id=f"e-{name}", sequence_id=name) for name in names]
    served.reader = Reader(await to_thread(folded, started))
    async with served.client() as client:
        found = await page(client, "/sequences?q=s-&sort=sequence_id&order=desc")
        assert found.one("a", rel="next")["href"] == "?q=s-&sort=sequence_id&order=desc&page=2"
        found = await page(client, "/sequences?q=s-&sort=sequence_id&order=desc&page=2")
        assert found.one("a", rel="prev")["href"] == "?q=s-&sort=sequence_id&order=desc"
        assert [row[0] for row in lines(found)] == names[:50][::-1]
