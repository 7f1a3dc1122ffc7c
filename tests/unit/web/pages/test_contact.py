"""The page of a contact: its enrollments, and everything that happened to it with what it did."""

from asyncio import to_thread
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from httpx import AsyncClient

from events.catalog import CATALOG
from events.log.port import Log, LogUnavailable
from events.topics import CONTACT_KEYED
from projections.tables.reader import Reader
from tests.folding import folded
from tests.history_log import HistoryLog
from tests.stories import event, story
from tests.unit.web.browser import browsing
from tests.unit.web.conftest import CONTACT, Served
from tests.unit.web.pages.markup import Element, page
from web.pages import formats, links, timeline
from web.pages.contact import EVERY_STATUS
from web.pages.meanings import OUTCOMES
from web.settings import WebSettings
from web.tokens import Scope

PATH = links.contact(CONTACT)
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}/../x"


async def told(client: AsyncClient, contact: str = CONTACT, **given: str) -> Any:
    """What the API says, every status included."""
    answer = await client.get(f"/v1{links.contact(contact)}", params={"status": EVERY_STATUS, **given})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def serve(served: Served, events: list[dict[str, Any]]) -> None:
    log = HistoryLog(events)
    served.reader, served.log = Reader(await to_thread(folded, events)), lambda: log


def entries(found: Element) -> list[tuple[str, str, str]]:
    """(time, day, title) of every event of the story."""
    return [
        (entry.all("time")[0]["datetime"], day["id"], entry.one("strong").text)
        for day in found.all("div", class_="day")
        for entry in day.all("li")
    ]


@pytest.mark.parametrize("number", ["c-000012", "c-000001", "c-000040", "c-000133"])
async def test_the_enrollments_and_the_names_are_those_of_the_report(client: AsyncClient, number: str) -> None:
    found, report = await page(client, links.contact(number)), await told(client, number)
    assert found.one("h1").text == (report["name"] or number)
    who = {term.text: text.text for term, text in zip(*(found.one("dl", class_="who").all(tag) for tag in ("dt", "dd")), strict=True)}
    assert who.get("E-mail") == report["email"]
    assert who.get("Company") == report["company_name"]
    assert who["Id"] == number
    rows = found.one("table", class_="listed").rows()
    assert [(row[1], row[13], row[5], row[6], row[7], row[-3]) for row in rows] == [
        (
            row["sequence_name"],
            OUTCOMES[row["outcome"]] if row["outcome"] else "–",
            *(formats.number(row[name]) for name in ("emails_sent", "opens", "clicks")),
            formats.moment(row["started_at"], "UTC"),
        )
        for row in report["enrollments"]
    ]
    for name, total in {
        "enrollments": len(rows),
        **{tile: sum(row[field] for row in report["enrollments"]) for tile, field in (("opens", "opens"), ("e-mails-sent", "emails_sent"))},
    }.items():
        assert found.one("div", id=f"tile-{name}").one("data")["value"] == str(total)
    for name in ("replied", "met", "bounced"):
        assert found.one("div", id=f"tile-{name}").one("dd").text == ("Yes" if any(row[name] for row in report["enrollments"]) else "No")


async def test_the_story_has_every_event_the_newest_first_or_the_oldest(client: AsyncClient) -> None:
    events = (await told(client))["events"]
    assert len(events) > 5
    oldest = entries(await page(client, f"{PATH}?order=oldest"))
    assert [time for time, *_ in oldest] == [one["time"] for one in events]
    assert [title for *_, title in oldest] == [timeline.KINDS[one["type"]].title for one in events]
    assert entries(await page(client, PATH)) == oldest[::-1]


async def test_events_are_put_to_the_day_of_the_time_zone(served: Served) -> None:
    await serve(served, [event("enrollment.started", "23:30", contact_id="ada", enrollment_id="e", sequence_id="s")])
    async with served.client() as client:
        assert [day for _, day, _ in entries(await page(client, "/contacts/ada"))] == ["day-2026-03-02"]
        found = await page(client, "/contacts/ada?time_zone=Europe%2FBerlin")
        assert [day for _, day, _ in entries(found)] == ["day-2026-03-03"]
        assert found.one("ol", class_="story").all("time")[0].text == "00:30:00"
        assert "times in Europe/Berlin" in found.one("main").text


async def test_each_event_says_what_it_did(served: Served) -> None:
    await serve(served, story("ada"))
    async with served.client() as client:
        found = await page(client, "/contacts/ada?order=oldest")
        effects = [
            (
                entry.one("strong").text,
                [effect.text for effect in entry.all("p", class_="effect small")],
                [note.text for note in entry.all("p", class_="small note")],
            )
            for entry in found.all("li")
            if entry.all("strong")
        ]
        assert effects[0] == ("Profile updated", [], [])
        assert effects[1] == ("Enrolled", ["Status: active · Enrolled by: u-1 · Company: co-1 · Team: t-1 · Variant: A"], [])
        assert effects[2] == ("E-mail sent", ["Current step: st-1 · Sent 0 → 1"], [])
        opened = next(one for one in effects if one[0] == "Opened an e-mail" and one[1])
        assert "counts as opened" in opened[1][0]
        assert "Opens 0 → 1" in opened[1][0]
        waiting = next(one for one in effects if one[2])
        assert waiting == ("Opened an e-mail", [], ["Waits for its email.sent"])
        ended = effects[-1]
        assert ended[0] == "Finished the sequence"
        assert "Status: active → finished" in ended[1][0]


async def test_nothing_that_an_event_did_is_left_out(client: AsyncClient) -> None:
    """But what another change of the same event says already."""
    events = (await told(client))["events"]
    found = await page(client, f"{PATH}?order=oldest")
    shown = [
        sum(len(effect.all("span")) for effect in entry.all("p", class_="effect small"))
        for entry in found.one("section", aria_labelledby="story-title").all("li")
        if entry.all("strong")
    ]
    for one, number in zip(events, shown, strict=True):
        fields = [(change["field"], change["before"], change["after"]) for change in one["changes"]]
        told_elsewhere = sum(
            (field == "outcome" and ("status", before, after) in fields)
            or (field in ("opened_any", "clicked_any") and (field.removesuffix("_any"), before, after) in fields)
            or (field in ("started_at", "ended_at") and before is None and after == one["time"])
            for field, before, after in fields
        )
        assert number == len(fields) - told_elsewhere, one


async def test_many_events_come_in_pages(served: Served) -> None:
    names = {"contact_id": "ada", "enrollment_id": "e", "sequence_id": "s"}
    start = datetime(2026, 3, 2, tzinfo=UTC)
    events = [event("enrollment.started", "00:00", **names), event("email.sent", "00:00", **names, message_id="m", step_id="st")]
    events += [
        event("email.opened", "00:00", contact_id="ada", message_id="m", user_agent=str(number))
        | {"id": f"o-{number}", "time": (start + timedelta(minutes=7 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")}
        for number in range(1, 1999)
    ]
    await serve(served, events)
    async with served.client() as client:
        began = perf_counter()
        found = await page(client, "/contacts/ada?order=oldest")
        assert perf_counter() - began < 5
        seen, pages = entries(found), 1
        assert "1–100 of 2\u202f000 events" in found.one("main").text
        while found.all("a", rel="next") and pages < 3:
            found = await page(client, f"/contacts/ada{found.one('a', rel='next')['href']}")
            seen += entries(found)
            pages += 1
        assert [time for time, *_ in seen] == sorted(time for time, *_ in seen)
        assert (len(seen), len(set(seen))) == (300, 300)
        last = await page(client, "/contacts/ada?order=oldest&page=20")
        assert not last.all("a", rel="next")
        assert len(entries(last)) == 100
        beyond = await page(client, "/contacts/ada?order=oldest&page=21")
        assert "ends before this page" in beyond.one("main").text
        assert len((await client.get("/contacts/ada")).content) < 200_000


async def test_every_type_of_event_that_a_contact_has_is_told() -> None:
    assert timeline.KINDS.keys() == {name for name, model in CATALOG.items() if model.topic in CONTACT_KEYED}


async def test_the_company_is_a_link_only_where_it_has_a_page(served: Served) -> None:
    await serve(
        served, [*story("ada"), event("contact.updated", "08:30", contact_id="ada", name="Ada", company_id="co-1", company_name="One")]
    )
    async with served.client() as client:
        assert links.company("co-1") in [link["href"] for link in (await page(client, "/contacts/ada")).one("dl", class_="who").all("a")]
    await serve(
        served, [*story("ada"), event("contact.updated", "08:30", contact_id="ada", name="Ada", company_id="co-9", company_name="Nine")]
    )
    async with served.client() as client:
        who = (await page(client, "/contacts/ada")).one("dl", class_="who")
        assert "Nine" in who.text
        assert not who.all("a")


async def test_a_contact_without_names_or_enrollments_has_a_page_too(served: Served) -> None:
    await serve(served, [event("email.opened", "10:00", contact_id="nobody", message_id="m")])
    async with served.client() as client:
        found = await page(client, "/contacts/nobody")
        assert found.one("h1").text == "nobody"
        assert not found.all("table")
        assert [title for *_, title in entries(found)] == ["Opened an e-mail"]


async def test_only_who_may_act_is_shown_how(served: Served) -> None:
    for scopes in ([Scope.READ], [Scope.READ, Scope.ACT]):
        _, secret = served.tokens.create("default", scopes, "test", "2026-01-01T00:00:00Z")
        async with browsing(served, secret) as browser:
            found = await page(browser.client, PATH)
            assert bool([button for button in found.all("button") if "data-action" in button.attributes]) is (Scope.ACT in scopes)


async def test_names_and_ids_are_text_whatever_they_are(served: Served) -> None:
    names = {"contact_id": HOSTILE, "enrollment_id": HOSTILE, "sequence_id": HOSTILE}
    await serve(
        served,
        [
            event("contact.updated", "08:00", contact_id=HOSTILE, name=HOSTILE, email="javascript:alert(1)", company_name=HOSTILE),
            event("enrollment.started", "09:00", **names, company_id=HOSTILE, enrolled_by=HOSTILE),
            event("email.sent", "09:01", **names, message_id=HOSTILE, step_id=HOSTILE) | {"source": HOSTILE},
        ],
    )
    served.settings = WebSettings(web_contact_url="https://crm.example/{id}")
    async with served.client() as client:
        found = await page(client, links.contact(HOSTILE))
        assert found.one("h1").text == HOSTILE
        assert "javascript:alert(1)" in found.one("dl", class_="who").text
        assert HOSTILE in found.one("section", aria_labelledby="story-title").text
        assert all(link["href"].startswith(("/", "?", "#", "https://crm.example/")) for link in found.all("a"))
        assert f"https://crm.example/{links.part(HOSTILE)}" in [link["href"] for link in found.all("a")]


@pytest.mark.parametrize(
    ("query", "named"),
    [("order=up", "order"), ("page=0", "page"), ("page=x", "page"), ("status=active", "status"), ("time_zone=Mars", "time_zone")],
)
async def test_a_wrong_parameter_is_named(client: AsyncClient, query: str, named: str) -> None:
    assert f"{named}: " in (await page(client, f"{PATH}?{query}", 400)).one("main").text


async def test_a_contact_that_nobody_has_named_is_not_found(client: AsyncClient) -> None:
    found = await page(client, links.contact(HOSTILE), 404)
    assert "There is nothing here" in found.one("h1").text


async def test_without_the_log_it_says_that_it_comes_again(served: Served) -> None:
    def away() -> Log:
        raise LogUnavailable("brokers at 10.1.2.3")

    served.log = away
    async with served.client() as client:
        main = (await page(client, PATH, 503)).one("main")
        assert "data-again" in main.attributes
        assert "10.1.2.3" not in main.text
