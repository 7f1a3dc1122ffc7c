"""A page from elsewhere changes nothing with what a browser holds: not with a session, and not where no token is needed."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.stories import event
from tests.unit.web.browser import HERE, Browser, browsing
from tests.unit.web.conftest import Served, problem
from tests.unit.web.shop import Shop
from web.cloudevents import SINGLE
from web.guard import HEADER
from web.session import CSRF_COOKIE
from web.tokens import Scope

NOW = "2026-01-01T00:00:00Z"
ENROLLMENT = {"contact_id": "ada", "sequence_id": "spring", "enrollment_id": "e-1"}
CONTENTS: dict[str, Any] = {
    "/v1/actions": {"action": "pause", "enrollments": [ENROLLMENT]},
    "/v1/batch": {"questions": []},
}
FOREIGN: list[dict[str, str | None]] = [
    {"Origin": None},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:9999"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Origin": "http://localhost"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": None, "Sec-Fetch-Site": "cross-site"},
    {"Origin": None, "Sec-Fetch-Site": "same-site"},
    {"Origin": None, "Sec-Fetch-Site": "none"},
    {"Origin": None, "Referer": "http://127.0.0.1/sequences"},
]
OURS: list[dict[str, str | None]] = [
    {},
    {"Origin": None, "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
]


@pytest.fixture
async def shop(served: Served) -> Shop:
    shop = Shop(served, event("enrollment.started", "09:00", **ENROLLMENT))
    await shop.apply()
    return shop


@pytest.fixture
async def browser(served: Served, shop: Shop) -> AsyncIterator[Browser]:
    _, secret = served.tokens.create("default", list(Scope), "", NOW)
    async with browsing(served, secret) as browser:
        yield browser


@pytest.mark.parametrize("path", CONTENTS)
async def test_a_session_counts_for_a_page_of_ours(browser: Browser, path: str) -> None:
    for headers in OURS:
        assert (await browser.post(path, CONTENTS[path], **headers)).status_code == 200


@pytest.mark.parametrize("path", CONTENTS)
@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_a_session_does_not_count_for_a_page_from_elsewhere(
    browser: Browser, shop: Shop, path: str, headers: dict[str, str | None]
) -> None:
    told = problem(await browser.post(path, CONTENTS[path], **headers))
    assert (told["status"], told["type"]) == (403, "urn:tally:origin")
    assert shop.written() == []


@pytest.mark.parametrize("path", CONTENTS)
async def test_a_session_does_not_count_without_what_our_pages_know(browser: Browser, served: Served, shop: Shop, path: str) -> None:
    _, secret = served.tokens.create("default", list(Scope), "", NOW)
    async with browsing(served, secret) as other:
        foreign = await other.csrf()
    right = await browser.csrf()
    for value in (None, "", right[:-1], right + "0", right.upper(), foreign):
        told = problem(await browser.post(path, CONTENTS[path], **{HEADER: value}))
        assert (told["status"], told["type"]) == (403, "urn:tally:csrf")
    assert shop.written() == []


async def test_what_was_known_before_signing_in_is_worth_nothing_after(served: Served, shop: Shop) -> None:
    _, secret = served.tokens.create("default", list(Scope), "", NOW)
    async with browsing(served) as browser:
        before = await browser.csrf()
        assert (await browser.sign_in(secret)).status_code == 303
        told = problem(await browser.post("/v1/actions", CONTENTS["/v1/actions"], **{HEADER: before}))
        assert (told["status"], told["type"]) == (403, "urn:tally:csrf")
    assert shop.written() == []


async def test_a_program_with_a_token_needs_neither(browser: Browser, served: Served) -> None:
    _, secret = served.tokens.create("default", list(Scope), "", NOW)
    for headers in ({}, {"Origin": "https://evil.example"}):
        for path, content in CONTENTS.items():
            bearing = {"Authorization": f"Bearer {secret}", **headers}
            assert (await browser.client.post(path, json=content, headers=bearing)).status_code == 200


async def test_where_no_token_is_needed_our_pages_act(served: Served, shop: Shop) -> None:
    async with browsing(served) as browser:
        for headers in OURS:
            assert (await browser.post("/v1/actions", CONTENTS["/v1/actions"], **headers)).status_code == 200
    assert {(one["source"], one.get("actor")) for one in shop.written()} == {("tally/dashboard", None)}


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_where_no_token_is_needed_other_pages_do_not_act(served: Served, shop: Shop, headers: dict[str, str | None]) -> None:
    async with browsing(served) as browser:
        told = problem(await browser.post("/v1/actions", CONTENTS["/v1/actions"], **headers))
    assert (told["status"], told["type"]) == (403, "urn:tally:origin")
    assert shop.written() == []


async def test_where_no_token_is_needed_it_still_takes_what_our_pages_know(served: Served, shop: Shop) -> None:
    async with browsing(served) as browser, browsing(served) as other:
        foreign = await other.csrf()
        for value in (None, "", foreign):
            told = problem(await browser.post("/v1/actions", CONTENTS["/v1/actions"], **{HEADER: value}))
            assert (told["status"], told["type"]) == (403, "urn:tally:csrf")
        value = await browser.csrf()
        browser.client.cookies.delete(CSRF_COOKIE)
        answer = await browser.client.post("/v1/actions", json=CONTENTS["/v1/actions"], headers={"Origin": HERE, HEADER: value})
        assert problem(answer)["type"] == "urn:tally:csrf"
    assert shop.written() == []


async def test_where_no_token_is_needed_nothing_is_taken_that_a_page_from_elsewhere_sends(served: Served, shop: Shop) -> None:
    told = json.dumps(event("enrollment.paused", "10:00", **ENROLLMENT))
    async with served.client() as client:
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await client.post("/v1/events", content=told, headers={"Content-Type": SINGLE, **headers})
            assert problem(answer)["type"] == "urn:tally:origin"
            assert problem(await client.post("/v1/batch", json=CONTENTS["/v1/batch"], headers=headers))["type"] == "urn:tally:origin"
        assert shop.written() == []
        assert (await client.post("/v1/events", content=told, headers={"Content-Type": SINGLE})).status_code == 200


async def test_the_value_stays_the_same_for_a_browser_and_is_another_for_each(served: Served) -> None:
    async with browsing(served) as browser, browsing(served) as other:
        assert await browser.csrf() == await browser.csrf()
        assert await browser.csrf() != await other.csrf()


async def test_behind_https_a_page_of_plain_http_is_not_ours(browser: Browser) -> None:
    content = CONTENTS["/v1/batch"]
    assert problem(await browser.post("/v1/batch", content, **{"X-Forwarded-Proto": "https"}))["type"] == "urn:tally:origin"
    answer = await browser.post("/v1/batch", content, **{"X-Forwarded-Proto": "https", "Origin": "https://127.0.0.1"})
    assert answer.status_code == 200
