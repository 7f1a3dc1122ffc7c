"""The pages of the reports: where their links lead, what is said of wrong parameters, and that names are text."""

from urllib.parse import parse_qs, urlsplit

import pytest
from httpx import AsyncClient

from projections.tables.reader import Reader
from tests.folding import folded
from tests.stories import event
from tests.unit.web.conftest import SEQUENCE, Served
from tests.unit.web.pages.markup import page
from tests.unit.web.pages.told import ABOUT_ONE, HOSTILE, address, hostile_story, table, told
from web.pages.library import LIBRARY


@pytest.mark.parametrize("name", [name for name in LIBRARY if name != "custom"])
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
