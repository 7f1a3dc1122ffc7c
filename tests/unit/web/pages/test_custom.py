"""The builder shows what the report `custom` says to the same query, keeps it in the address, and says what is wrong beside the field."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from httpx import AsyncClient

from projections.reports.dimensions import DIMENSIONS, PERIODS
from projections.reports.measures import MEASURES
from tests.unit.web.pages.markup import Element, page
from tests.unit.web.pages.told import table, told, written
from web.pages import custom
from web.pages.custom import EXAMPLES
from web.pages.shown.words import DIMENSIONS as DIMENSION_WORDS
from web.pages.shown.words import MEASURES as MEASURE_WORDS

PATH = "/reports/custom"
QUERIES = [
    "measure=started&measure=reply_rate&by=user",
    "measure=reply_rate,meeting_rate,started&by=company&sort=reply_rate&order=asc&limit=7",
    "measure=contacts&by=team&by=variant&by=outcome&opens=all&basis=enrollments",
    "measure=open_rate&basis=messages&by=sequence&team=team-north&enrolled_from=2026-04-01",
    "measure=started&measure=adjusted_open_rate",
    "measure=met&by=status&sort=status&order=asc",
    "measure=started&by=company&by=month&limit=9",
]


def shown(value: Any) -> str:
    return written(value)


@pytest.mark.parametrize("query", QUERIES)
async def test_the_table_is_that_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, f"{PATH}?{query}")
    report = await told(client, "/v1/reports/custom", query)
    by = list(report["rows"][0]["by"])
    made = table(found, "custom-rows" if {*by} & {*PERIODS} else "custom")
    rows = made.rows()
    assert [row[max(1, len(by)) :] for row in rows] == [[shown(value) for value in row["values"].values()] for row in report["rows"]]
    heads = [head.text for head in made.one("thead").all("th")]
    assert heads == [*([DIMENSION_WORDS[name] for name in by] or ["Enrollments"]), *(MEASURE_WORDS[name] for name in report["totals"])]
    if by:
        total = [cell.text for cell in made.one("tfoot").all("td")]
        assert total == [*([""] * (len(by) - 1)), *(shown(value) for value in report["totals"].values())]
    for dimension in ("user", "team", "variant"):
        if dimension in by:
            place = by.index(dimension)
            assert [row[place] for row in rows] == [row["by"][dimension] or "(none)" for row in report["rows"]]


@pytest.mark.parametrize("period", PERIODS)
async def test_a_time_is_a_line_without_holes(client: AsyncClient, period: str) -> None:
    query = f"measure=started&measure=reply_rate&by={period}&limit=1000"
    found = await page(client, f"{PATH}?{query}")
    report = await told(client, "/v1/reports/custom", f"{query}&sort={period}&order=asc")
    figure = found.one("figure", id="custom")
    assert (figure["data-chart"], figure["data-as"]) == ("line", "number")
    rows = [row[1:] for row in figure.one("table").rows()]
    assert [row for row in rows if row != ["0", "–"]] == [[shown(value) for value in row["values"].values()] for row in report["rows"]]
    trend = (await told(client, "/v1/reports/trend", f"interval={period}"))["points"]
    assert [row[0] for row in rows] == [written(point["enrollments"]) for point in trend]


async def test_a_time_and_another_dimension_are_lines_of_it(client: AsyncClient) -> None:
    query = "measure=started&by=month&by=team&limit=1000"
    found = await page(client, f"{PATH}?{query}")
    report = await told(client, "/v1/reports/custom", query)
    cells = {(row["by"]["month"], row["by"]["team"] or "(none)"): row["values"]["started"] for row in report["rows"]}
    figure = found.one("figure", id="custom")
    _, *teams = [head.text for head in figure.one("thead").all("th")]
    months = sorted({month for month, _ in cells})
    assert [row[1:] for row in figure.one("table").rows()] == [[written(cells.get((month, team), 0)) for team in teams] for month in months]
    assert {team for _, team in cells} == {*teams}
    assert table(found, "custom-rows").rows()


async def test_a_chart_of_some_of_the_rows_is_none(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?measure=started&by=month&by=company&limit=5")
    assert not found.all("figure")
    assert "The chart needs all" in found.one("div", id="preview").text


async def test_a_page_has_as_many_rows_as_people_look_at_and_the_file_has_all(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom, "ROWS", 4)
    query = "measure=started&by=company&team=team-north&limit=1000"
    found = await page(client, f"{PATH}?{query}")
    report = await told(client, "/v1/reports/custom", query)
    made = table(found, "custom")
    assert [row[1] for row in made.rows()] == [shown(row["values"]["started"]) for row in report["rows"][:4]]
    assert f"The first 4 of {len(report['rows'])} rows; the file has all of them." in found.text
    companies = [row["by"]["company"] for row in report["rows"][:4]]
    assert [link["href"] for link in made.one("tbody").all("a")] == [f"/companies/{company}?team=team-north" for company in companies]


@pytest.mark.parametrize(("by", "chart"), [("user", "bars"), ("month", "line"), ("outcome", "bars")])
async def test_measures_of_one_kind_are_in_one_chart(client: AsyncClient, by: str, chart: str) -> None:
    found = await page(client, f"{PATH}?measure=started&measure=reply_rate&measure=met&measure=open_rate&by={by}&sort=open_rate")
    figure = found.one("figure", id="custom")
    assert (figure["data-chart"], figure["data-as"]) == (chart, "percent")
    coloured = [head.text for head in figure.all("th") if "data-color" in head.attributes]
    assert coloured == ["Reply rate", "Open rate"]


async def test_everything_can_be_chosen(client: AsyncClient) -> None:
    found = await page(client, PATH)
    form = found.one("form", id="build")
    assert [box["value"] for box in form.all("input", type="checkbox", name="measure")] != []
    assert {box["value"] for box in form.all("input", name="measure")} == {*MEASURES}
    for select in form.all("select", name="by"):
        assert {option["value"] for option in select.all("option")} == {"", *DIMENSIONS}
    assert "Tick what is to be counted" in found.one("div", id="preview").text
    examples = [link["href"] for link in found.one("div", id="preview").all("a")]
    assert len(examples) == len(EXAMPLES)
    for example in examples:
        assert (await page(client, example)).one("div", id="preview").all("table")


@pytest.mark.parametrize("query", QUERIES)
async def test_the_form_sends_what_the_address_says(client: AsyncClient, query: str) -> None:
    found = await page(client, f"{PATH}?{query}")
    sent = urlencode(fields(found.one("form", id="build")))
    assert as_asked(sent) == as_asked(query)
    again = await page(client, f"{PATH}?{sent}")
    assert fields(again.one("form", id="build")) == fields(found.one("form", id="build"))
    bar = found.one("form", data_filters="")
    assert as_asked(urlencode(fields(bar))) == as_asked(query)


async def test_it_can_be_kept(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?{QUERIES[1]}&team=team-north")
    (card,) = [link["href"] for link in found.all("a") if link.text == "Add to dashboard"]
    assert urlsplit(card).path == "/dashboards/add"
    assert as_asked(urlsplit(card).query.replace("report=custom&", "")) == as_asked(f"{QUERIES[1]}&team=team-north")
    (csv,) = [link["href"] for link in found.all("a") if link.text == "CSV"]
    assert (await client.get(csv)).headers["Content-Type"] == "text/csv; charset=utf-8"


async def test_headers_sort(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?measure=started&measure=reply_rate&by=user&by=team&team=team-north")
    for link in table(found, "custom").one("thead").all("a"):
        query = link["href"].removeprefix("?")
        again = await page(client, f"{PATH}?{query}")
        report = await told(client, "/v1/reports/custom", query)
        rows = table(again, "custom").rows()
        assert [row[2:] for row in rows] == [[shown(value) for value in row["values"].values()] for row in report["rows"]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("measure=beauty", "measure"),
        ("measure=started&by=mood", "by"),
        ("measure=started&by=day&by=month", "by"),
        ("measure=started&by=user&by=team&by=company&by=variant", "by"),
        ("measure=started&sort=met", "sort"),
        ("measure=started&order=up", "order"),
        ("measure=started&limit=0", "limit"),
        ("measure=started&limit=many", "limit"),
        ("measure=started&by=week&week_start=friday", "week_start"),
        ("by=mood", "by"),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(client: AsyncClient, query: str, field: str) -> None:
    found = await page(client, f"{PATH}?{query}", 400)
    (wrong,) = found.all("p", role="alert")
    assert wrong.text.startswith(f"{field}: ")
    described = [one for one in found.walk() if one.attributes.get("aria-describedby") == wrong["id"]]
    assert all(one.attributes.get("aria-invalid") == "true" for one in described)
    assert described
    assert not found.one("div", id="preview").all("table")


async def test_several_faults_are_told_at_once(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?measure=started&limit=0&order=up&by=day&by=week", 400)
    assert [wrong.text.partition(":")[0] for wrong in found.all("p", role="alert")] == ["by", "order", "limit"]


@pytest.mark.parametrize("query", ["basis=people", "enrolled_from=soon", "time_zone=Mars", "cursor=x", "opens=some"])
async def test_what_has_no_field_is_named_in_the_frame(client: AsyncClient, query: str) -> None:
    found = await page(client, f"{PATH}?measure=started&{query}", 400)
    assert f"{query.partition('=')[0]}: " in found.one("h1").text or f"{query.partition('=')[0]}: " in found.one("main").text
    assert not found.all("form", id="build")


def fields(form: Element) -> list[tuple[str, str]]:
    """What a browser would send of a form, with what forms.js leaves out left out."""
    sent = []
    for one in form.walk():
        if one.tag == "select":
            sent += [(one["name"], option["value"]) for option in one.all("option") if "selected" in option.attributes]
        elif one.tag == "input" and (one.attributes.get("type") != "checkbox" or "checked" in one.attributes):
            sent.append((one["name"], one.attributes.get("value", "")))
    return [(name, value) for name, value in sent if value]


def as_asked(query: str) -> dict[str, set[str]]:
    """A query by its parameters, lists taken apart."""
    asked: dict[str, set[str]] = {}
    for name, value in parse_qsl(query):
        asked.setdefault(name, set()).update(value.split(","))
    return asked
