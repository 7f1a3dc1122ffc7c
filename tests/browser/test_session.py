"""Signing in by a token, and how that ends."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.history import SEQUENCE, enrolled
from tests.browser.reading import number
from tests.browser.served import Served
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links
from web.tokens import Scope, Tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = f"{links.performance(SEQUENCE)}?team=team-north"
REFUSED = "status of 401"
"""What the browser says of answers for which one has to sign in."""


async def test_whoever_signs_in_comes_to_the_page_and_whoever_signs_out_sees_none(visitor: Visitor, guarded: Served) -> None:
    _, secret = token(guarded)
    visitor.expected.append(REFUSED)
    page = await visitor.open(guarded, PATH)
    assert page.url == f"{guarded.address}{links.login(PATH)}"
    await sign_in(page, "tally_nonsense")
    await expect(page.get_by_role("alert")).to_contain_text("opens nothing")
    await expect(page.get_by_label("Token")).to_be_focused()
    await sign_in(page, secret)
    await page.wait_for_url(f"**{PATH}")
    assert await number(page, "#tile-enrollments .big data") is not None
    cookie = next(one for one in await page.context.cookies() if one["name"] == "tally_session")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert secret not in cookie["value"]

    other = await page.context.new_page()
    await other.goto(f"{guarded.address}/sequences")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/login")
    await page.goto(guarded.address + PATH)
    assert "/login?" in page.url
    await other.reload()
    assert "/login?" in other.url


async def test_without_scripts_it_is_the_same(visitor: Visitor, guarded: Served) -> None:
    _, secret = token(guarded)
    page = await visitor.open(guarded, PATH, script=False)
    await sign_in(page, secret)
    await page.wait_for_url(f"**{PATH}")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/login")


async def test_a_revoked_token_ends_the_session_of_an_open_page(visitor: Visitor, guarded: Served) -> None:
    identity, secret = token(guarded)
    visitor.expected.append(REFUSED)
    page = await visitor.open(guarded, links.performance(SEQUENCE))
    await sign_in(page, secret)
    started = page.locator("#tile-enrollments .big data")
    before = int(await number(page, "#tile-enrollments .big data") or 0)
    await guarded.publish([enrolled(61)], settled=False)
    await expect(started).to_have_attribute("value", str(before + 1), timeout=PATIENCE)
    assert tokens_of(guarded).revoke(identity)
    await guarded.publish([enrolled(62)], settled=False)
    await page.wait_for_url("**/login?*")
    await sign_in(page, secret)
    await expect(page.get_by_role("alert")).to_contain_text("opens nothing")


async def test_whoever_may_not_read_follows_nothing_and_misses_nothing(visitor: Visitor, guarded: Served) -> None:
    token(guarded)  # from then on one is needed
    _, secret = tokens_of(guarded).create("default", [Scope.OPERATE], "an operator", "2026-01-01T00:00:00Z")
    page = await visitor.open(guarded, "/system")
    asked: list[str] = []
    await sign_in(page, secret)
    await page.wait_for_url("**/system")
    page.on("request", lambda request: asked.append(request.url))
    async with page.expect_response("**/system"):
        pass
    await page.wait_for_timeout(4_000)
    assert not await page.locator("[data-stale] span").is_visible()
    assert not [url for url in asked if "/v1/live" in url]


async def sign_in(page: Page, secret: str) -> None:
    await page.get_by_label("Token").fill(secret)
    await page.get_by_role("button", name="Sign in").click()


def token(served: Served) -> tuple[str, str]:
    """A token that may look and act: (id, secret). With the first one the tests need one, too."""
    tokens = tokens_of(served)
    if served.token is None:
        _, served.token = tokens.create("default", [Scope.READ, Scope.PUBLISH], "tests", "2026-01-01T00:00:00Z")
    made, secret = tokens.create("default", [Scope.READ, Scope.ACT], "a browser", "2026-01-01T00:00:00Z")
    return made.id, secret


def tokens_of(served: Served) -> Tokens:
    return Tokens(served.folder / ".tally" / "tokens.json")
