"""The numbers of each page, as they are in the browser, are those that the API tells for the same query."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.async_api import Page, expect

from tests.browser.history import COMPANY, CONTACT, SEQUENCE
from tests.browser.reading import number, rows, texts, values
from tests.browser.served import Served
from tests.browser.visitor import PATIENCE, Visitor
from tests.unit.web.pages.test_reports import TABLES
from tests.unit.web.pages.told import address, at, written
from web.pages import formats, links
from web.pages.analyze import COLUMNS, TILES

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


@pytest.mark.parametrize("query", ["", "status=active&status=scheduled", f"team=team-north&enrolled_from={SINCE}&limit=5"])
async def test_enrollments(visitor: Visitor, company: Served, query: str) -> None:
    page = await visitor.open(company, f"{links.enrollments(SEQUENCE)}?{query}")
    told = await company.told(f"/v1/enrollments?sequence={SEQUENCE}&{query}")
    assert len(told["enrollments"]) > 1
    heads = {"Contact": "contact_name", "Company": "company_name", "E-mails": "emails_sent", "Opens": "opens", "Clicks": "clicks"}
    assert [[row[head] for head in heads] for row in await listed(page)] == [
        [value if isinstance(value, str) else written(value) for value in map(row.get, heads.values())] for row in told["enrollments"]
    ]
    assert f"of {told['total']} enrollments, {told['contacts']} contact" in (await texts(page, ".below"))[0]
    for label, count in told["statuses"].items():
        assert await values(page, f".rail a:has(> span:text-is('{label.capitalize()}')) data") == [count]


@pytest.mark.parametrize("query", QUERIES)
async def test_analyze(visitor: Visitor, company: Served, query: str) -> None:
    page = await visitor.open(company, f"/analyze?{query}")
    told = await company.told(f"/v1/analyze?{query}")
    await tiles(page, told, TILES)
    assert await texts(page, "[aria-labelledby=totals-title] dd") == [written(value) for value in told["totals"].values()]
    lines = [line for line in (await company.told(f"/v1/sequences?{query}"))["sequences"] if line["enrollments"] or not told["filters"]]
    columns = ["enrollments", "contacts"]
    columns += [f"rates.{rate}.{part}" for rate in COLUMNS for part in ("value", "numerator", "denominator")]
    assert await values(page, "#sequences tbody data") == [at(line, column) for line in lines for column in columns]
    engaged = (await company.told(f"/v1/analyze/contacts?{only(query, 'basis')}&limit=20"))["contacts"]
    assert [(row[0], row[4], row[5]) for row in await rows(page, "#engaged table")] == [
        (row["contact_name"], written(row["clicks"]), written(row["opens"])) for row in engaged
    ]


@pytest.mark.parametrize("name", TABLES)
async def test_reports(visitor: Visitor, company: Served, name: str) -> None:
    query = f"enrolled_from={SINCE}"
    page = await visitor.open(company, f"/reports/{name}?{query}")
    kept, columns = TABLES[name]
    lines = (await company.told(f"{address(name)}?{query}"))[kept]
    assert lines
    table = await rows(page, f":is(figure, section)[aria-labelledby={name}-title] table")
    assert [row[1:] for row in table] == [[written(at(line, column)) for column in columns] for line in lines]


@pytest.mark.parametrize("name", ["funnel", "steps"])
async def test_reports_of_one_sequence(visitor: Visitor, company: Served, name: str) -> None:
    page = await visitor.open(company, f"/reports/{name}?sequence_id={SEQUENCE}&team=team-north")
    told = (await company.told(f"/v1/sequences/{SEQUENCE}/{name}?team=team-north"))["steps"]
    table = (await rows(page, f"[aria-labelledby={name}-title] table"))[1:]
    if name == "funnel":
        assert [row[1] for row in table] == [written(step["reached"]) for step in told]
    else:
        assert [row[1:] for row in table] == [
            [written(step["status"][status]) for status in STATUSES] + [written(step["total"])] for step in told
        ]


async def test_times(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, "/reports/times")
    told = [one for one in (await company.told("/v1/reports/times"))["times"] if one["count"]]
    assert told
    for one in told:
        table = await rows(page, f"[aria-labelledby={one['measure'].replace('_', '-')}-title] table")
        assert [row[1] for row in table] == [written(bar["count"]) for bar in one["histogram"]]


async def test_custom_reports(visitor: Visitor, company: Served) -> None:
    """Put together as people do it: by ticks, and by what is chosen from lists."""
    page = await visitor.open(company, "/reports/custom")
    await page.get_by_label("Enrollments", exact=True).check()
    await page.get_by_label("Reply rate", exact=True).check()
    await page.locator("#build-by-1").select_option("user")
    await page.locator("#build").get_by_role("button", name="Show").click()
    table = page.locator("#preview table")
    await expect(table).to_be_attached(timeout=PATIENCE)
    query = page.url.partition("?")[2]
    assert parse_qs(query) == {"measure": ["started", "reply_rate"], "by": ["user"]}
    told = (await company.told(f"/v1/reports/custom?{query}"))["rows"]
    assert [row[1:] for row in await rows(page, "#preview table")] == [[written(value) for value in row["values"].values()] for row in told]
    await page.reload()
    assert await page.get_by_label("Reply rate", exact=True).is_checked()


async def test_dashboards(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, "/dashboards")
    for one in (await company.told("/v1/dashboards"))["dashboards"]:
        cards = (await company.told(f"/v1/dashboards/{links.part(one['dashboard_id'])}"))["cards"]
        line = page.locator(".boards > li", has=page.get_by_role("link", name=one["name"], exact=True))
        await expect(line.locator("> p")).to_contain_text(f"{len(cards)} cards · saved")

    await page.goto(company.address + links.dashboard("sales-floor"))
    analyze = await company.told("/v1/analyze")
    performance = await company.told(f"/v1/sequences/{SEQUENCE}/performance?team=team-north&team=team-south")
    for card, told in enumerate((analyze, performance)):
        tile = f":nth-match(.tiles, {card + 1}) .tile"
        numbers = told["enrollments"]
        assert await values(page, f"{tile}:first-child data") == [numbers["started"], numbers["contacts"]]
        shares = [
            told["rates"][rate] for rate in ("open", "click", ("reply_to_sequence", "reply")[card], "meeting", "no_response", "bounce")
        ]
        assert await values(page, f"{tile}:not(:first-child) data") == [
            number for share in shares for number in (share["value"], share["numerator"], share["denominator"])
        ]
    steps = (await company.told(f"/v1/sequences/{SEQUENCE}/steps"))["steps"]
    drawn = (await rows(page, "figure table"))[1:]
    assert [row[1:] for row in drawn] == [
        [written(step["status"][status]) for status in STATUSES] + [written(step["total"])] for step in steps
    ]


async def test_contact(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, links.contact(CONTACT))
    told = await company.told(f"/v1/contacts/{CONTACT}")
    assert await texts(page, "h1") == [told["name"]]
    assert await number(page, "#tile-enrollments data") == len(told["enrollments"])
    assert await number(page, "#tile-opens data") == sum(row["opens"] for row in told["enrollments"])
    assert [row["Sequence"] for row in await listed(page)] == [row["sequence_name"] for row in told["enrollments"]]
    times = await page.locator(".story time").evaluate_all("times => times.map((time) => time.dateTime)")
    assert times == [event["time"] for event in told["events"]][::-1]


@pytest.mark.parametrize("query", ["", "opens=all&basis=enrollments"])
async def test_company(visitor: Visitor, company: Served, query: str) -> None:
    page = await visitor.open(company, f"{links.company(COMPANY)}?{query}")
    told = await company.told(f"/v1/analyze?company={COMPANY}&{query}")
    await tiles(page, told, ("open", "click", "reply_to_sequence", "meeting"))
    enrolled = await company.told(f"/v1/enrollments?company={COMPANY}&{only(query, 'basis')}")
    assert [row["Contact"] for row in await listed(page)] == [row["contact_name"] for row in enrolled["enrollments"]]
    sequences = [line for line in (await company.told(f"/v1/sequences?company={COMPANY}&{query}"))["sequences"] if line["enrollments"]]
    assert [row[1] for row in await rows(page, "[aria-labelledby=sequences-title] table")] == [
        written(line["contacts"]) for line in sequences
    ]


async def test_system(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, "/system")
    told = json.loads(await company.tally("status", "--json"))
    shown = {tile: await number(page, f"#tile-{tile} data") for tile in ("lag", "applied", "workers", "generation")}
    assert shown == {"lag": 0, "applied": told["applied"], "workers": 1, "generation": told["generation"]}
    partitions: dict[int, list[float | None]] = {}
    for lane in told["partitions"]:
        sums = partitions.setdefault(lane["partition"], [0, 0, 0])
        partitions[lane["partition"]] = [(one or 0) + lane[name] for one, name in zip(sums, ("applied", "end", "lag"), strict=True)]
    for partition, numbers in partitions.items():
        assert await values(page, f"#partition-{partition} data") == numbers


async def listed(page: Page) -> list[dict[str, str]]:
    """The rows of a list of enrollments, by the heads of its columns."""
    heads = await texts(page, "table.listed thead th")
    return [dict(zip(heads, row, strict=True)) for row in await rows(page, "table.listed")]


async def tiles(page: Page, told: dict[str, Any], rates: Iterable[str]) -> None:
    """The tiles of Performance, Analyze and a company."""
    numbers = told["enrollments"]
    assert await values(page, "#tile-enrollments data") == [numbers["started"], numbers["contacts"]]
    for rate in rates:
        one = told["rates"][rate]
        assert await values(page, f"#tile-{rate} data") == [one["value"], one["numerator"], one["denominator"]]
        assert await texts(page, f"#tile-{rate} .big") == [formats.percent(one["value"])]


def only(query: str, *without: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] not in without)
