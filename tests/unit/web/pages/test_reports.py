"""The library has every report, and each page says what its report says, for the same query."""

from typing import Any
from urllib.parse import parse_qs

import pytest
from httpx import AsyncClient

from projections.reports import REPORTS
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.unit.web.conftest import SEQUENCE, Served
from tests.unit.web.pages.markup import page
from tests.unit.web.pages.told import ABOUT_ONE, address, at, table, told, written
from web.pages import formats
from web.pages.library import ELSEWHERE, LIBRARY

FILTERS = "team=team-north&enrolled_from=2026-04-01&time_zone=Europe%2FBerlin"
TABLES: dict[str, tuple[str, list[str]]] = {
    "monthly": (
        "months",
        ["enrollments", "contacts", *(f"rates.{name}" for name in ("open", "click", "reply", "meeting", "unsubscribe"))],
    ),
    "trend": ("points", ["enrollments", "contacts", "opened", "clicked", "replied", "met", "unsubscribed"]),
    "sequences": (
        "sequences",
        [
            *("enrollments", "contacts"),
            *(f"rates.{name}" for name in ("open", "click", "reply", "reply_to_sequence", "meeting", "no_response", "bounce")),
            *(f"rates.{name}" for name in ("unsubscribe", "complaint", "engaged")),
            *("opens_total", "clicks_total", "replies_total", "meetings_total"),
        ],
    ),
    "engagement": ("sequences", ["contacts", "opened", "clicked", "replied", "met", "unsubscribed", "bounced"]),
    "opens": ("sequences", ["plain", "adjusted", "machine_only"]),
    "sentiment": ("sequences", ["replies", "positive", "neutral", "negative", "unknown"]),
    "leaderboard": (
        "users",
        [
            *("met", "replied", "clicked", "opened", "enrollments", "contacts", "emails_sent"),
            *(f"rates.{name}" for name in ("open", "click", "reply", "meeting", "bounce")),
        ],
    ),
    "senders": ("users", ["ended", "reply_rate", "bounce_rate"]),
    "variants": ("variants", ["contacts", *(f"rates.{name}" for name in ("open", "click", "reply", "meeting"))]),
}
"""Report -> its list in the JSON, and what is in the columns of the table."""


async def test_every_report_is_in_the_library_or_has_a_page_of_its_own(client: AsyncClient) -> None:
    assert {*LIBRARY} | {*ELSEWHERE} == {*REPORTS}
    assert not {*LIBRARY} & {*ELSEWHERE}
    assert {*LIBRARY} == {*TABLES, *ABOUT_ONE, "times", "custom"}, "every page of the library is tested"
    found = await page(client, "/reports")
    links = [link["href"] for link in found.one("main").all("a")]
    assert {f"/reports/{name}" for name in LIBRARY} <= {link.partition("?")[0] for link in links}
    assert "/reports/trend?interval=week" in links, "days are hard to read"
    text = found.one("main").text
    assert all(REPORTS[name].description in text for name in REPORTS)
    for link in links:
        answer = await client.get(link.partition("#")[0])
        assert answer.status_code == 200, link


@pytest.mark.parametrize("query", ["", FILTERS, "opens=all", "variant=nobody+has+it"])
@pytest.mark.parametrize("name", TABLES)
async def test_a_table_is_that_of_the_report(client: AsyncClient, name: str, query: str) -> None:
    found = await page(client, f"/reports/{name}?{query}")
    listed, columns = TABLES[name]
    lines = (await told(client, address(name), query))[listed]
    if not lines:
        assert "No enrollment passes these filters." in found.one("main").text
        return
    rows = table(found, name).rows()
    assert [row[1:] for row in rows] == [[written(at(line, column)) for column in columns] for line in lines]
    assert found.one("h1").text == LIBRARY[name].title
    for paragraph in LIBRARY[name].paragraphs:
        assert paragraph in found.one("section", aria_labelledby="meaning-title").text


@pytest.mark.parametrize("name", ["opens", "sentiment"])
async def test_all_together_is_below(client: AsyncClient, name: str) -> None:
    found = await page(client, f"/reports/{name}?team=team-north")
    total = (await told(client, address(name), "team=team-north"))["total"]
    cells = [cell.text for cell in table(found, name).one("tfoot").all("td")]
    assert cells == [written(total[column]) for column in TABLES[name][1]]


async def test_the_funnel_is_that_of_the_report(client: AsyncClient) -> None:
    found = await page(client, f"/reports/funnel?sequence_id={SEQUENCE}&team=team-north")
    report = await told(client, address("funnel"), "team=team-north")
    first, *rows = table(found, "funnel").rows()
    left = report["before_first"]
    assert first[1:2] + first[3:6] == [
        written(number) for number in (report["contacts"], left["waiting"], left["answered"], left["dropped"])
    ]
    for row, step in zip(rows, report["steps"], strict=True):
        columns = ("reached", "waiting", "answered", "dropped", "reach", "drop_off")
        assert [row[1], *row[3:]] == [written(step[column]) for column in columns]
    # Whoever came further has reached the next step.
    assert [row[2] for row in (first, *rows)] == [*(row[1] for row in rows), "0"]


async def test_the_steps_are_those_of_the_report(client: AsyncClient) -> None:
    found = await page(client, f"/reports/steps?sequence_id={SEQUENCE}&opens=all")
    report = await told(client, address("steps"), "opens=all")
    statuses = ("active", "paused", "finished", "unenrolled", "errored")
    where, rates = table(found, "steps").rows(), table(found, "steps-rates").rows()
    counted = [report["no_step"], *(step["status"] for step in report["steps"])]
    assert [row[1:-1] for row in where] == [[written(counts[status]) for status in statuses] for counts in counted]
    assert [row[-1] for row in where[1:]] == [written(step["total"]) for step in report["steps"]]
    columns = ["executed", "skipped", "sent", *(f"rates.{name}" for name in ("open", "click", "reply", "meeting", "bounce"))]
    assert [row[1:] for row in rates] == [[written(at(step, column)) for column in columns] for step in report["steps"]]


@pytest.mark.parametrize("query", ["", FILTERS])
async def test_the_times_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, f"/reports/times?{query}")
    for one in (await told(client, address("times"), query))["times"]:
        figure = found.one(id=one["measure"].replace("_", "-"))
        if not one["count"]:
            assert "Nothing to show" in figure.text
            continue
        assert [row[1] for row in figure.one("table").rows()] == [written(bar["count"]) for bar in one["histogram"]]
        assert f"Half within {formats.duration(one['median'])}, nine in ten within {formats.duration(one['p90'])}" in figure.text


async def test_a_report_about_one_sequence_is_about_the_largest_at_first(client: AsyncClient) -> None:
    lines = (await told(client, "/v1/sequences"))["sequences"]
    for name in ABOUT_ONE:
        found = await page(client, f"/reports/{name}")
        options = found.one("select", name="sequence_id").all("option")
        assert [(option["value"], option.text) for option in options] == [(line["sequence_id"], line["name"]) for line in lines]
        assert [option["value"] for option in options if "selected" in option.attributes] == [lines[0]["sequence_id"]]
        assert lines[0]["name"] in found.one("h1").text
        await page(client, f"/reports/{name}?sequence_id=nobody", 404)


async def test_without_any_sequence_there_is_nothing_to_choose(served: Served) -> None:
    served.reader = Reader(MemoryStore())
    async with served.client() as client:
        for name in LIBRARY:
            assert (await page(client, f"/reports/{name}")).one("main").all(class_="card empty")


async def test_a_table_is_sorted_by_its_headers(client: AsyncClient) -> None:
    for name in ("sequences", "leaderboard"):
        found = await page(client, f"/reports/{name}?team=team-north")
        links = table(found, name).one("thead").all("a")
        assert len(links) > 10
        for link in links:
            query, _, place = link["href"].removeprefix("?").partition("#")
            assert any(one.attributes.get("id") == place for one in found.walk())
            asked = parse_qs(query)
            again = await page(client, f"/reports/{name}?{query}")
            lines = (await told(client, address(name), query))[TABLES[name][0]]
            key = "sequence_id" if name == "sequences" else "enrolled_by"
            called = "name" if name == "sequences" else "enrolled_by"
            labels = [row[0].removesuffix(" archived") for row in table(again, name).rows()]
            assert labels == [line[called] or line[key] or "Nobody" for line in lines]
            (head,) = [one for one in table(again, name).all("th") if "aria-sort" in one.attributes]
            assert head["aria-sort"] == {"asc": "ascending", "desc": "descending"}[asked["order"][0]]
            assert asked["team"] == ["team-north"]


async def test_variants_are_compared_with_the_baseline(client: AsyncClient) -> None:
    report = await told(client, address("variants"))
    assert len(report["variants"]) > 1
    baseline = report["variants"][-1]["variant"]
    found = await page(client, f"/reports/variants?baseline={baseline}")
    report = await told(client, address("variants"), f"baseline={baseline}")
    for rate in ("open", "click", "reply", "meeting"):
        rows = found.one("section", id=f"compared-{rate}").one("table").rows()
        for row, one in zip(rows, report["variants"], strict=True):
            value = one["rates"][rate]
            assert row[0] == one["variant"]
            assert row[1] == written(value)
            assert row[2] == f"{formats.percent(value['low'])} – {formats.percent(value['high'])}"
            assert row[3].startswith(verdict(one, rate))
            if one["against_baseline"] is not None:
                difference = abs(one["against_baseline"][rate]["difference"]) * 100
                assert formats.decimal(difference) in row[3]
    ways = found.one("div", aria_label="Compared with").all("a")
    assert [way.text for way in ways if way.attributes.get("aria-current")] == [baseline]


def verdict(one: Any, rate: str) -> str:
    if one["against_baseline"] is None:
        return "Baseline"
    if one["too_early"]:
        return "Too early"
    p, difference = one["against_baseline"][rate]["p_value"], one["against_baseline"][rate]["difference"]
    if p is None:
        return "No answer"
    words = "Not clear" if p >= 0.05 else "Higher" if difference > 0 else "Lower"
    return f"{words}, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"


async def test_nobody_is_judged_by_few(client: AsyncClient) -> None:
    report = await told(client, address("senders"))
    found = await page(client, "/reports/senders")
    assert f"A score needs {report['minimum']} ended enrollments" in found.one("main").text
    cells = [row.all("td") for row in table(found, "senders").one("tbody").all("tr")]
    few = [row for row, user in zip(cells, report["users"], strict=True) if user["ended"] < report["minimum"]]
    assert few
    for row in few:
        assert [cell.text for cell in row[1:]] == ["–", "–"]
        assert "too few" in row[1]["title"]
