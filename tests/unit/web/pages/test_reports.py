"""The library has every report, and each page says what its report says, for the same query."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from projections.reports import REPORTS
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.stories import event
from tests.unit.web.conftest import SEQUENCE, Served
from tests.unit.web.pages.markup import Element, page
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
HOSTILE = "\"><script>alert(1)</script>'/"
ABOUT_ONE = ("funnel", "steps")


def written(value: Any) -> str:
    """A number or a rate of the JSON, as a cell has it."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        return f"{formats.percent(value['value'])} {formats.number(value['numerator'])} / {formats.number(value['denominator'])}"
    return formats.number(value)


def at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record[name]
    return record


async def told(client: AsyncClient, path: str, query: str = "") -> Any:
    answer = await client.get(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def address(name: str) -> str:
    return f"/v1/sequences/{SEQUENCE}/{name}" if name in ABOUT_ONE else "/v1/sequences" if name == "sequences" else f"/v1/reports/{name}"


async def test_every_report_is_in_the_library_or_has_a_page_of_its_own(client: AsyncClient) -> None:
    assert {*LIBRARY} | {*ELSEWHERE} == {*REPORTS}
    assert not {*LIBRARY} & {*ELSEWHERE}
    assert {*LIBRARY} == {*TABLES, *ABOUT_ONE, "times", "custom"}, "every page of the library is tested"
    found = await page(client, "/reports")
    links = [link["href"] for link in found.one("main").all("a")]
    assert {f"/reports/{name}" for name in LIBRARY} <= set(links)
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
            asked = parse_qs(link["href"].removeprefix("?"))
            again = await page(client, f"/reports/{name}{link['href']}")
            lines = (await told(client, address(name), link["href"].removeprefix("?")))[TABLES[name][0]]
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


@pytest.mark.parametrize("name", [*TABLES, *ABOUT_ONE, "times"])
async def test_filters_go_along_with_every_link(client: AsyncClient, name: str) -> None:
    found = await page(client, f"/reports/{name}?team=team-north&company=co-0001&company=co-0002&company=co-0003")
    (card,) = [link["href"] for link in found.all("a") if link.text == "Add to dashboard"]
    wanted = {"team": ["team-north"], "company": ["co-0001", "co-0002", "co-0003"]}
    query = parse_qs(urlsplit(card).query)
    assert (urlsplit(card).path, query.pop("report")) == ("/dashboards/add", [name])
    assert query.pop("sequence_id", None) == ([SEQUENCE] if name in ABOUT_ONE and SEQUENCE in card else query.get("sequence_id"))
    assert wanted.items() <= query.items()
    for link in found.one("main").all("a"):
        href = link["href"]
        if href.startswith(("/performance/", "/analyze", "/v1/")) and link.text != "Page of the sequence":
            assert wanted.items() <= parse_qs(urlsplit(href).query).items(), href
            if "cell" not in href:
                assert (await client.get(href)).status_code == 200, href


async def test_a_time_leads_to_those_who_started_in_it(client: AsyncClient) -> None:
    for query, list_ in (("monthly", "months"), ("trend?interval=week", "points"), ("trend?interval=month", "points"), ("trend", "points")):
        name, _, parameters = query.partition("?")
        parameters = f"{parameters}&enrolled_from=2026-04-10&enrolled_to=2026-06-20&time_zone=Europe%2FBerlin"
        found = await page(client, f"/reports/{name}?{parameters}")
        lines = (await told(client, address(name), parameters))[list_]
        links = [row.all("a")[0]["href"] for row in table(found, name).one("tbody").all("tr")]
        for link, line in list(zip(links, lines, strict=True))[::5]:
            counted = await told(client, "/v1/analyze", urlsplit(link).query)
            assert counted["enrollments"]["started"] == line["enrollments"], link


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/reports?team=x", "team"),
        ("/reports/monthly?basis=contacts", "basis"),
        ("/reports/monthly?enrolled_from=soon", "enrolled_from"),
        ("/reports/trend?interval=year", "interval"),
        ("/reports/trend?week_start=friday", "week_start"),
        ("/reports/sequences?sort=beauty", "sort"),
        ("/reports/sequences?page=0", "page"),
        ("/reports/leaderboard?order=up", "order"),
        ("/reports/funnel?sequence=winter", "sequence"),
        ("/reports/variants?baseline=a&baseline=b", "baseline"),
        ("/reports/opens?basis=people", "basis"),
        ("/reports/opens?<script>=1", "<script>"),
    ],
)
async def test_a_wrong_parameter_is_named(client: AsyncClient, path: str, named: str) -> None:
    assert f"{named}: " in (await page(client, path, 400)).one("main").text


async def test_what_is_no_report_is_not_there(client: AsyncClient) -> None:
    assert "'beauty'" in (await page(client, "/reports/beauty", 404)).one("main").text
    for name in ("<b>", "..", "a b"):
        await page(client, f"/reports/{name}".replace(" ", "%20").replace("..", "%2e%2e"), 404)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("analyze?team=a&limit=3", "/analyze?team=a"),
        ("contacts?limit=8&company=co", "/analyze?company=co"),
        (f"performance?sequence_id={SEQUENCE}&team=a&basis=messages", f"/performance/{SEQUENCE}?team=a&basis=messages"),
        ("performance", "/sequences"),
        ("enrollments?sequence=a%2Fb&status=active&limit=9", "/enrollments/a%2Fb?status=active"),
        ("contact?contact_id=ada", "/contacts/ada"),
    ],
)
async def test_reports_with_pages_of_their_own_lead_there(client: AsyncClient, path: str, to: str) -> None:
    answer = await client.get(f"/reports/{path}")
    assert (answer.status_code, answer.headers["Location"]) == (303, to)


async def test_hostile_names_are_text(hostile: Served) -> None:
    async with hostile.client() as client:
        for name in LIBRARY:
            asked = "?measure=started&by=sequence&by=user&by=variant" if name == "custom" else ""
            found = await page(client, f"/reports/{name}{asked}")
            if name not in ("times", "monthly", "trend"):
                assert HOSTILE in found.one("main").text, name


async def test_many_sequences_are_on_several_pages(many: Served) -> None:
    async with many.client() as client:
        for path, size in (("/reports/sequences?", 100), ("/reports/engagement?", 100), ("/analyze?sort=sequence_id&order=asc", 25)):
            seen: list[str] = []
            href = ""
            while True:
                found = await page(client, path.partition("?")[0] + href if href else path)
                place = found.one("section", id="sequences") if path.startswith("/analyze") else found.one("main")
                rows = [row[0] for row in place.all("table")[0].rows()]
                assert len(rows) <= size
                seen += rows
                later = place.all("a", rel="next")
                if not later:
                    break
                href = later[0]["href"].partition("#")[0]
            assert sorted(seen) == [f"s-{number:03}" for number in range(120)]
            assert found.all("a", rel="prev")


@pytest.fixture
def many(served: Served) -> Served:
    names = [f"s-{number:03}" for number in range(120)]
    served.reader = Reader(folded([event("sequence.defined", "07:00", sequence_id=name, name=name, version=1, steps=[]) for name in names]))
    return served


@pytest.fixture
def hostile(served: Served) -> Served:
    served.reader = Reader(folded(hostile_story()))
    return served


def hostile_story() -> list[dict[str, Any]]:
    """A contact of whom everything has a hostile name."""
    named = {"contact_id": HOSTILE, "enrollment_id": HOSTILE, "sequence_id": HOSTILE}
    steps = [{"step_id": HOSTILE, "order": 1, "kind": "call", "name": HOSTILE}]
    return [
        event("sequence.defined", "07:00", sequence_id=HOSTILE, name=HOSTILE, version=1, steps=steps, owner_id=HOSTILE),
        event("enrollment.started", "09:00", **named, enrolled_by=HOSTILE, company_id=HOSTILE, team_id=HOSTILE, variant=HOSTILE),
        event("email.sent", "09:01", **named, message_id=HOSTILE, step_id=HOSTILE),
        event("email.clicked", "10:00", contact_id=HOSTILE, message_id=HOSTILE),
        event("email.replied", "11:00", contact_id=HOSTILE, message_id=HOSTILE),
        event("contact.updated", "08:00", contact_id=HOSTILE, name=HOSTILE, company_name=HOSTILE),
    ]


def table(found: Element, identity: str) -> Element:
    """The table of a drawing, which is a figure or a section."""
    places = [
        one for one in found.walk() if one.attributes.get("aria-labelledby") == f"{identity}-title" and one.tag in ("figure", "section")
    ]
    (place,) = places
    return place.one("table")
