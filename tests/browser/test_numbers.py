"""The numbers of each page, as they are in the browser, are those that the API tells for the same query."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.history import SEQUENCE
from tests.browser.reading import rows, texts, values
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from tests.unit.web.pages.test_reports import at, written
from web.pages import formats, links

pytestmark = pytest.mark.asyncio(loop_scope="session")

SINCE = (datetime.now(UTC) - timedelta(days=100)).date().isoformat()
QUERIES = ["", f"team=team-north&team=team-south&enrolled_from={SINCE}", "opens=all&basis=enrollments"]
RATES = ("open", "click", "reply", "meeting", "no_response", "bounce")
STATUSES = ("active", "paused", "finished", "unenrolled", "errored")


async def test_sequences(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, "/sequences?archived=show")
    lines = (await company.told("/v1/sequences"))["sequences"]
    assert len(lines) > 10
    assert [row[0].removesuffix(" archived") for row in await rows(page, "table")] == [line["name"] for line in lines]
    expected = [at(line, column) for line in lines for column in ("contacts", "rates.reply.value", "rates.meeting.value")]
    assert await values(page, "table data") == expected


@pytest.mark.parametrize("query", QUERIES)
async def test_performance(visitor: Visitor, company: Served, query: str) -> None:
    page = await visitor.open(company, f"{links.performance(SEQUENCE)}?{query}")
    told = await company.told(f"/v1/sequences/{SEQUENCE}/performance?{query}")
    assert told["enrollments"]["started"] > 5
    await tiles(page, told, RATES)
    assert await texts(page, "[aria-labelledby=totals-title] dd") == [written(value) for value in told["totals"].values()]
    outcomes = await rows(page, "[aria-labelledby=outcomes-title] table")
    assert [row[1] for row in outcomes] == [written(value) for value in told["outcomes"].values()]

    everywhere = only(query, "basis")
    steps = await company.told(f"/v1/sequences/{SEQUENCE}/steps?{everywhere}")
    counted = [[str(counts[status]) for status in STATUSES] for counts in (steps["no_step"], *(step["status"] for step in steps["steps"]))]
    drawn = await page.locator("#by-step tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.querySelectorAll('[data-value]')].map((cell) => cell.dataset.value))"
    )
    assert drawn == counted
    columns = ["executed", "skipped", "sent", *(f"rates.{rate}" for rate in ("open", "click", "reply", "meeting", "bounce"))]
    table = await rows(page, "[aria-labelledby=steps-title] table")
    assert [row[2:] for row in table] == [[written(at(step, column)) for column in columns] for step in steps["steps"]]

    funnel = await company.told(f"/v1/sequences/{SEQUENCE}/funnel?{everywhere}")
    assert [row[1] for row in await rows(page, "#funnel table")] == [written(step["reached"]) for step in funnel["steps"]]
    trend = await company.told(f"/v1/reports/trend?sequence={SEQUENCE}&interval=week&{everywhere}")
    names = ("enrollments", "opened", "clicked", "replied", "met")
    assert [row[1:] for row in await rows(page, "#trend table")] == [[written(point[name]) for name in names] for point in trend["points"]]


async def tiles(page: Page, told: dict[str, Any], rates: tuple[str, ...]) -> None:
    """The tiles of Performance, Analyze and a company."""
    numbers = told["enrollments"]
    assert await values(page, "#tile-enrollments data") == [numbers["started"], numbers["contacts"]]
    for rate in rates:
        one = told["rates"][rate]
        assert await values(page, f"#tile-{rate} data") == [one["value"], one["numerator"], one["denominator"]]
        assert await texts(page, f"#tile-{rate} .big") == [formats.percent(one["value"])]


def only(query: str, *without: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in without)
