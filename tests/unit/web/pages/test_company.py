"""The page of a company: its numbers, its contacts, its enrollments."""

import json
from asyncio import to_thread
from datetime import datetime
from typing import Any

import pytest
from httpx import AsyncClient

from events.log.port import Log, LogUnavailable
from projections.tables.reader import Reader
from tests.folding import folded
from tests.history_log import HistoryLog
from tests.stories import event, story
from tests.unit.web.conftest import Served
from tests.unit.web.pages.markup import Element, page
from web.pages import formats, lately, links, timeline
from web.pages.company import COLUMNS, TILES
from web.pages.contact import EVERY_STATUS
from web.pages.meanings import RATES
from web.settings import WebSettings

COMPANY = "co-00001"
PATH = links.company(COMPANY)
QUERIES = ["", "?team=team-north&team=team-south", "?opens=all&basis=enrollments", "?enrolled_from=2026-05-01&time_zone=Europe%2FBerlin"]
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}/../x"


async def told(client: AsyncClient, path: str, query: str, *without: str) -> Any:
    """What the API says of the company to the query of the page."""
    pairs = [pair for pair in query.removeprefix("?").split("&") if pair and pair.partition("=")[0] not in without]
    answer = await client.get(f"{path}?{'&'.join([*pairs, f'company={COMPANY}'])}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def share(rate: dict[str, Any]) -> str:
    return f"{formats.percent(rate['value'])} {formats.number(rate['numerator'])} / {formats.number(rate['denominator'])}"


@pytest.mark.parametrize("query", QUERIES)
async def test_the_numbers_are_those_of_the_reports(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    numbers = await told(client, "/v1/analyze", query)
    assert numbers["enrollments"]["started"] > 2
    total = found.one("div", id="tile-enrollments").one("dd")
    assert total.text == f"{formats.number(numbers['enrollments']['started'])} {numbers['enrollments']['contacts']} unique"
    for rate in TILES:
        tile = found.one("div", id=f"tile-{rate}")
        assert tile.one("dd").text == f"{share(numbers['rates'][rate])} {numbers['rates'][rate]['basis']}"
        assert tile.one("dt").text.startswith(RATES[rate])
    lines = (await told(client, "/v1/sequences", query))["sequences"]
    assert found.one("section", aria_labelledby="sequences-title").one("table").rows() == [
        [line["name"], str(line["contacts"]), *(formats.percent(line["rates"][rate]["value"]) for rate in COLUMNS)]
        for line in lines
        if line["enrollments"]
    ]
    trend = await told(client, "/v1/reports/trend", f"{query}&interval=week", "basis")
    assert [row[1] for row in found.one("figure", id="trend").one("table").rows()] == [
        str(point["enrollments"]) for point in trend["points"]
    ]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_contacts_and_the_enrollments_are_those_of_the_report(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    listed = await told(client, "/v1/enrollments", query, "basis")
    assert [json.loads(row["data-enrollment"])["enrollment_id"] for row in found.one("table", class_="listed").one("tbody").all("tr")] == [
        row["enrollment_id"] for row in listed["enrollments"]
    ]
    people = people_of(found)
    rows = (await told(client, "/v1/enrollments", f"{query}&limit=1000", "basis"))["enrollments"]
    assert len(people) == len({row["contact_id"] for row in rows}) == listed["contacts"]
    for href, name, enrollments, opens, clicks in people:
        own = [row for row in rows if links.contact(row["contact_id"]) == href]
        assert name == (own[0]["contact_name"] or own[0]["contact_id"])
        assert (enrollments, opens, clicks) == tuple(
            str(sum(row[one] for row in own)) if one else str(len(own)) for one in ("", "opens", "clicks")
        )


def people_of(found: Element) -> list[tuple[str, str, str, str, str]]:
    table = found.one("section", aria_labelledby="people-title").one("table")
    hrefs = [row.one("a")["href"] for row in table.one("tbody").all("tr")]
    return [(href, row[0], row[1], row[2], row[3]) for href, row in zip(hrefs, table.rows(), strict=True)]


async def test_the_name_is_what_most_of_its_contacts_call_it(served: Served) -> None:
    def works(contact: str, at: str, name: str | None) -> list[dict[str, Any]]:
        names = {"contact_id": contact, "enrollment_id": f"e-{contact}", "sequence_id": "s"}
        return [
            event("contact.updated", "08:00", contact_id=contact, name=contact, company_id=at, company_name=name),
            event("enrollment.started", "09:00", **names, company_id="co-1"),
        ]

    events: list[dict[str, Any]] = [
        *works("a", "co-1", "Baltic Glass"),
        *works("b", "co-1", "Baltic Glass"),
        *works("c", "co-2", "Elbe Mills"),
        *works("d", "co-1", None),
    ]
    await serve(served, events)
    async with served.client() as client:
        assert (await page(client, "/companies/co-1")).one("h1").text == "Baltic Glass"
        await page(client, "/companies/co-2", 404)  # its only contact was enrolled when it worked elsewhere


async def test_pages_neither_skip_nor_repeat(client: AsyncClient) -> None:
    everything = (await told(client, "/v1/enrollments", "limit=1000"))["enrollments"]
    path: str | None = "?limit=2"
    seen = []
    while path is not None:
        found = await page(client, PATH + path)
        seen += [json.loads(row["data-enrollment"])["enrollment_id"] for row in found.one("table", class_="listed").one("tbody").all("tr")]
        path = next((link["href"] for link in found.all("a", rel="next")), None)
    assert seen == [row["enrollment_id"] for row in everything]
    assert len(seen) > 4


async def test_filters_go_along(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?team=team-north&opens=all")
    (link, *_) = found.one("section", aria_labelledby="sequences-title").one("tbody").all("a")
    assert link["href"].endswith(f"?team=team-north&opens=all&company={COMPANY}")
    await page(client, link["href"])
    for file in [link["href"] for link in found.all("a") if "download" in link.attributes]:
        assert f"company={COMPANY}" in file
        assert (await client.get(file)).status_code == 200


async def test_where_no_enrollment_passes_it_says_so(served: Served) -> None:
    later = event("enrollment.scheduled", "10:00", contact_id="c", enrollment_id="e", sequence_id="s", company_id="co-2")
    served.reader = Reader(await to_thread(folded, [*story("ada"), later]))
    async with served.client() as client:
        filtered = (await page(client, "/companies/co-1?team=nobody")).one("main")
        assert "passes these filters" in filtered.text
        assert "?" in [link["href"] for link in filtered.all("a")]
        assert "Nobody of this company has started yet" in (await page(client, "/companies/co-2")).one("main").text


async def serve(served: Served, events: list[dict[str, Any]]) -> None:
    log = HistoryLog(events)
    served.reader, served.log = Reader(await to_thread(folded, events)), lambda: log


def entries(found: Element) -> list[tuple[str, str, str, str]]:
    """(time, day, title, whose) of every event of the story."""
    return [
        (entry.all("time")[0]["datetime"], day["id"], entry.one("strong").text, entry.all("a")[0]["href"])
        for day in found.all("div", class_="day")
        for entry in day.all("li")
    ]


@pytest.mark.parametrize("query", ["", "?team=team-north&team=team-south", "?time_zone=Pacific%2FAuckland"])
async def test_the_story_has_the_newest_events_of_those_who_were_engaged_last(client: AsyncClient, query: str) -> None:
    found = await page(client, PATH + query)
    people = people_of(found)
    events = []
    for href, *_ in people[: lately.PEOPLE]:
        answer = await client.get(f"/v1{href}", params={"status": EVERY_STATUS})
        events += [(one["time"], timeline.KINDS[one["type"]].title, href) for one in answer.json()["events"][::-1]]
    newest = sorted(events, key=lambda one: datetime.fromisoformat(one[0]), reverse=True)[: lately.EVENTS]
    assert len(people) > 2
    assert len(newest) == lately.EVENTS < len(events)
    shown = entries(found)
    assert [(time, title, href) for time, _, title, href in shown] == newest
    zone = "Pacific/Auckland" if "zone" in query else "UTC"
    assert all(formats.local_day(time, zone) == formats.day(day.removeprefix("day-")) for time, day, *_ in shown)
    text = found.one("section", aria_labelledby="story-title").text
    whose = (
        f"the {len(people)} contacts" if len(people) <= lately.PEOPLE else f"those 10 of the {len(people)} contacts that were engaged last"
    )
    assert f"The newest 50 of {formats.number(len(events))} events of {whose}, in all their enrollments" in text


async def test_of_many_contacts_it_says_whose_events_they_are(served: Served) -> None:
    names = [f"c-{number:02}" for number in range(lately.PEOPLE + 2)]
    events = [
        one
        for minute, name in enumerate(names)
        for one in (
            event("enrollment.started", "09:00", contact_id=name, enrollment_id="e", sequence_id="s", company_id="co-1"),
            event("email.sent", "09:01", contact_id=name, enrollment_id="e", sequence_id="s", message_id="m", step_id="st"),
            event("email.opened", f"10:{minute:02}", contact_id=name, message_id="m"),
        )
    ]
    await serve(served, events)
    async with served.client() as client:
        found = await page(client, "/companies/co-1")
        shown = entries(found)
        assert [href for *_, href in shown[: lately.PEOPLE]] == [links.contact(name) for name in names[: -lately.PEOPLE - 1 : -1]]
        assert {href for *_, href in shown} == {links.contact(name) for name in names[2:]}
        text = found.one("section", aria_labelledby="story-title").text
        assert "30 events of those 10 of the 12 contacts that were engaged last" in text


async def test_a_log_that_takes_long_is_read_for_fewer(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "ENOUGH", -1.0)
    async with served.client() as client:
        found = await page(client, PATH)
        assert {href for *_, href in entries(found)} == {people_of(found)[0][0]}
        assert "of those 1 of the" in found.one("section", aria_labelledby="story-title").text


async def test_without_the_log_it_says_that_it_comes_again(served: Served) -> None:
    def away() -> Log:
        raise LogUnavailable("brokers at 10.1.2.3")

    served.log = away
    async with served.client() as client:
        main = (await page(client, PATH, 503)).one("main")
        assert "data-again" in main.attributes
        assert "10.1.2.3" not in main.text


async def test_names_and_ids_are_text_whatever_they_are(served: Served) -> None:
    names = {"contact_id": HOSTILE, "enrollment_id": HOSTILE, "sequence_id": HOSTILE}
    profile = event("contact.updated", "08:00", contact_id=HOSTILE, name=HOSTILE, company_id=HOSTILE, company_name=HOSTILE)
    started = event("enrollment.started", "09:00", **names, company_id=HOSTILE, team_id=HOSTILE)
    sent = event("email.sent", "09:01", **names, message_id=HOSTILE, step_id=HOSTILE) | {"source": HOSTILE}
    await serve(served, [profile, started, sent])
    served.settings = WebSettings(web_company_url="https://crm.example/{id}")
    async with served.client() as client:
        found = await page(client, links.company(HOSTILE))
        assert found.one("h1").text == HOSTILE
        assert f"https://crm.example/{links.part(HOSTILE)}" in [link["href"] for link in found.all("a")]
        assert people_of(found)[0][:2] == (links.contact(HOSTILE), HOSTILE)
        assert [href for *_, href in entries(found)] == [links.contact(HOSTILE)] * 3
        assert f"E-mail sent · {HOSTILE} · {HOSTILE} · {HOSTILE} {HOSTILE}" in found.one("section", aria_labelledby="story-title").text


@pytest.mark.parametrize("query", ["company=other", "status=scheduled", "limit=0", "cursor=x", "basis=people", "interval=day"])
async def test_a_wrong_parameter_is_named(client: AsyncClient, query: str) -> None:
    assert f"{query.partition('=')[0]}: " in (await page(client, f"{PATH}?{query}", 400)).one("main").text


async def test_a_company_that_no_enrollment_has_named_is_not_found(client: AsyncClient) -> None:
    found = await page(client, links.company(HOSTILE), 404)
    assert "no event has named the company" in found.one("main").text.lower()
    assert "There is nothing here" in found.one("h1").text
