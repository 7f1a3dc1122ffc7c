"""The page Enrollments: the list that the report gives, how many there are in each status, and who may act."""

import json
from asyncio import to_thread
from typing import Any

import pytest
from httpx import AsyncClient

from projections.reports import REPORTS
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.stories import event, story
from tests.unit.web.browser import browsing
from tests.unit.web.conftest import SEQUENCE, Served
from tests.unit.web.pages.enrollment_lists import PATH, QUERIES, step_names, told, total
from tests.unit.web.pages.markup import page
from web.pages import formats, links
from web.pages.listed import reason_words
from web.pages.meanings import OUTCOMES
from web.settings import WebSettings
from web.tokens import Scope

HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}/../x"


def cells(row: dict[str, Any], steps: dict[str, str], zone: str) -> list[str]:
    """A row as people read it."""

    def step(name: str) -> str:
        return "–" if row[name] is None else steps.get(row[name], row[name])

    return [
        row["contact_name"] or row["contact_id"],
        row["company_name"] or row["company_id"] or "–",
        f"{row['status'].capitalize()} {reason_words(row['reason'] or '')}".strip(),
        step("last_step"),
        *(formats.number(row[name]) for name in ("emails_sent", "opens", "clicks")),
        *("Yes" if row[name] else "–" for name in ("replied", "met", "bounced")),
        formats.moment(row["last_engaged_at"], zone),
        step("next_step"),
        OUTCOMES[row["outcome"]] if row["outcome"] else "–",
        *(formats.moment(row[name], zone) for name in ("started_at", "ended_at")),
        row["enrolled_by"] or "–",
    ]


@pytest.mark.parametrize("query", QUERIES)
async def test_the_list_is_that_of_the_report(client: AsyncClient, query: str) -> None:
    found, report, steps = await page(client, PATH + query), await told(client, query), await step_names(client)
    zone = "Europe/Berlin" if "Berlin" in query else "UTC"
    assert len(report["enrollments"]) > 1
    assert [row[1:] for row in found.one("table", class_="listed").rows()] == [cells(row, steps, zone) for row in report["enrollments"]]
    assert total(found) == (report["total"], report["contacts"])
    for element, row in zip(found.one("tbody").all("tr"), report["enrollments"], strict=True):
        assert json.loads(element["data-enrollment"]) == {name: row[name] for name in ("contact_id", "sequence_id", "enrollment_id")}
        assert element["data-status"] == row["status"]
        assert [link["href"] for link in element.all("a")] == [
            links.contact(row["contact_id"]),
            *([links.company(row["company_id"])] if row["company_id"] else []),
        ]


@pytest.mark.parametrize(
    "query", ["limit=7", "limit=3&status=unenrolled", "limit=3&cell=open:spring-intro", "limit=2&status=scheduled&status=canceled"]
)
async def test_pages_neither_skip_nor_repeat(client: AsyncClient, query: str) -> None:
    everything = await told(client, f"?{query.partition('&')[2]}&limit=1000")
    path: str | None = f"?{query}"
    seen: list[str] = []
    pages = 0
    while path is not None:
        found = await page(client, PATH + path)
        seen += [json.loads(row["data-enrollment"])["enrollment_id"] for row in found.one("tbody").all("tr")]
        pages += 1
        assert [link["href"] for link in found.all("a", rel="first")] == ([] if pages == 1 else [f"?{query.replace(':', '%3A')}"])
        path = next((link["href"] for link in found.all("a", rel="next")), None)
    assert seen == [row["enrollment_id"] for row in everything["enrollments"]]
    assert pages > 1


async def test_what_is_set_goes_along(client: AsyncClient) -> None:
    found = await page(client, f"{PATH}?team=team-north&status=scheduled&status=finished&opens=all&limit=5&cell=open:spring-intro")
    tabs = found.one("nav", aria_label="Of this sequence").all("a")
    assert tabs[0]["href"] == f"/performance/{SEQUENCE}?team=team-north&opens=all&status=finished"
    await page(client, tabs[0]["href"])
    assert [tab.text for tab in tabs if "aria-current" in tab.attributes] == ["Enrollments"]
    (csv,) = [link["href"] for link in found.all("a", download="enrollments.csv")]
    answer = await client.get(csv)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    hidden = [(field["name"], field["value"]) for field in found.one("form", data_filters="").all("input", type="hidden")]
    assert hidden == [
        ("status", "scheduled"),
        ("status", "finished"),
        ("opens", "all"),
        ("limit", "5"),
        ("cell", "open:spring-intro"),
    ]


async def test_empty_lists_say_what_to_do(served: Served) -> None:
    scheduled = event("enrollment.scheduled", "10:00", contact_id="c", enrollment_id="e", sequence_id="later")
    bare = event("sequence.archived", "10:00", sequence_id="bare")
    served.reader = Reader(await to_thread(folded, [*story("ada"), scheduled, bare]))
    async with served.client() as client:
        nothing = (await page(client, "/enrollments/bare")).one("main")
        assert "Nobody is enrolled yet" in nothing.text
        later = (await page(client, "/enrollments/later")).one("main")
        assert "1 is scheduled" in later.text
        (waiting,) = [link for link in later.all("a") if link.text == "Those that are scheduled"]
        assert total(await page(client, waiting["href"])) == (1, 1)
        none = (await page(client, "/enrollments/s-1?status=paused&cell=no_step")).one("main")
        assert not none.all("table")
        assert "?" in [link["href"] for link in none.all("a") if link.text == "Without filters"]


async def test_only_who_may_act_is_shown_how(served: Served) -> None:
    secrets = {
        scopes: served.tokens.create("default", list(scopes), "test", "2026-01-01T00:00:00Z")[1]
        for scopes in ((Scope.READ,), (Scope.READ, Scope.ACT))
    }
    for scopes, secret in secrets.items():
        async with browsing(served, secret) as browser:
            found = await page(browser.client, PATH)
            may = Scope.ACT in scopes
            assert [button.text for button in found.all("button") if "data-action" in button.attributes] == (
                ["Pause", "Resume", "Unenroll…"] if may else []
            )
            assert bool([field for field in found.all("input") if "data-tick" in field.attributes]) is may
            assert bool(found.all("noscript")) is may
            assert found.one("meta", name="csrf")["content"]


async def test_without_any_token_whoever_is_here_may_act(client: AsyncClient) -> None:
    found = await page(client, PATH)
    boxes = [field for field in found.all("input") if "data-tick" in field.attributes]
    assert len(boxes) == len(found.one("tbody").all("tr"))
    assert boxes[0]["aria-label"].startswith("Tick ")
    assert [button.attributes.get("disabled") for button in found.all("button") if "data-action" in button.attributes] == [""] * 3
    assert "scripts" in found.one("noscript").text


async def test_names_and_ids_are_text_whatever_they_are(served: Served) -> None:
    names = {"contact_id": HOSTILE, "enrollment_id": "javascript:alert(1)", "sequence_id": HOSTILE}
    events = [
        event("contact.updated", "08:00", contact_id=HOSTILE, name=HOSTILE, company_id=HOSTILE, company_name="javascript:alert(2)"),
        event("enrollment.started", "09:00", **names, company_id=HOSTILE, enrolled_by=HOSTILE, variant=HOSTILE, team_id=HOSTILE),
        event("email.sent", "09:01", **names, message_id="m", step_id=HOSTILE),
    ]
    served.reader = Reader(await to_thread(folded, events))
    served.settings = WebSettings(web_contact_url="https://crm.example/c/{id}", web_sequence_url="https://crm.example/s?id={id}")
    async with served.client() as client:
        found = await page(client, links.enrollments(HOSTILE, {"team": [HOSTILE], "step": [HOSTILE]}, cell=f"executed:{HOSTILE}"))
        assert found.one("h1").text == HOSTILE
        (row,) = found.one("table", class_="listed").rows()
        assert (row[2], row[4], row[-1]) == ("javascript:alert(2)", HOSTILE, HOSTILE)
        assert row[1].startswith(HOSTILE)
        assert json.loads(found.one("tbody").one("tr")["data-enrollment"]) == names
        external = [link["href"] for link in found.all("a") if "external" in link.attributes.get("rel", "")]
        assert external == [f"https://crm.example/s?id={links.part(HOSTILE)}", f"https://crm.example/c/{links.part(HOSTILE)}"]
        assert f"Behind: executed {HOSTILE}" in found.one("ul", aria_label="Filters that are set").text
        for link in found.one("tbody").all("a"):
            assert link["href"].startswith(("/contacts/", "/companies/", "https://crm.example/"))


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("status=dead", "status"),
        ("cell=open", "cell"),
        ("cell=opens:spring-intro", "cell"),
        ("cell=no_step&cell=no_step", "cell"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("cursor=abc", "cursor"),
        ("sequence=other", "sequence"),
        ("basis=contacts", "basis"),
        ("page=2", "page"),
        ("enrolled_from=2026-03-02&enrolled_to=2026-03-01", "enrolled_from"),
        ("time_zone=Mars", "time_zone"),
    ],
)
async def test_a_wrong_parameter_is_named(client: AsyncClient, query: str, named: str) -> None:
    found = await page(client, f"{PATH}?{query}", 400)
    assert f"{named}: " in found.one("main").text


async def test_a_cursor_of_another_list_is_refused(client: AsyncClient) -> None:
    first = await told(client, "?limit=1")
    await page(client, f"{PATH}?limit=2&cursor={first['next']}")
    assert "cursor: " in (await page(client, f"{PATH}?status=active&cursor={first['next']}", 400)).one("main").text


async def test_a_sequence_that_nobody_has_named_is_not_found(served: Served) -> None:
    async with served.client() as client:
        found = await page(client, f"/enrollments/{links.part(HOSTILE)}", 404)
        assert "There is nothing here" in found.one("h1").text
        assert "no event has named the sequence" in found.one("main").text.lower()
    served.reader = Reader(MemoryStore())
    async with served.client() as client:
        await page(client, PATH, 404)


def test_the_reasons_of_the_report_are_those_that_can_be_asked_for() -> None:
    (status,) = [parameter for parameter in REPORTS["enrollments"].parameters if parameter.name == "status"]
    reasons = REPORTS["enrollments"].result.model_fields["reasons"].annotation
    assert reasons is not None
    assert [f"unenrolled:{reason}" for reason in reasons.model_fields] == [choice for choice in status.choices if ":" in choice]
