"""Signing in by a token, and how that ends."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.history import SEQUENCE, enrolled
from tests.browser.reading import number
from tests.browser.served import Served
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = f"{links.performance(SEQUENCE)}?team=team-north"
REFUSED = "status of 401"
"""What the browser says of answers for which one has to sign in."""


async def test_whoever_signs_in_comes_to_the_page_and_whoever_signs_out_sees_none(visitor: Visitor, moving: Served) -> None:
    _, secret = await token(moving)
    visitor.expected.append(REFUSED)
    page = await visitor.open(moving, PATH)
    assert page.url == f"{moving.address}{links.login(PATH)}"
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
    await other.goto(f"{moving.address}/sequences")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/login")
    await page.goto(moving.address + PATH)
    assert "/login?" in page.url
    await other.reload()
    assert "/login?" in other.url


async def test_without_scripts_it_is_the_same(visitor: Visitor, moving: Served) -> None:
    _, secret = await token(moving)
    page = await visitor.open(moving, PATH, script=False)
    await sign_in(page, secret)
    await page.wait_for_url(f"**{PATH}")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/login")


async def test_a_revoked_token_ends_the_session_of_an_open_page(visitor: Visitor, moving: Served) -> None:
    identity, secret = await token(moving)
    visitor.expected.append(REFUSED)
    page = await visitor.open(moving, links.performance(SEQUENCE))
    await sign_in(page, secret)
    started = page.locator("#tile-enrollments .big data")
    before = int(await number(page, "#tile-enrollments .big data") or 0)
    await moving.publish([enrolled(61)], settled=False)
    await expect(started).to_have_attribute("value", str(before + 1), timeout=PATIENCE)
    await moving.tally("token", "revoke", identity)
    await moving.publish([enrolled(62)], settled=False)
    await page.wait_for_url("**/login?*")
    await sign_in(page, secret)
    await expect(page.get_by_role("alert")).to_contain_text("opens nothing")


async def sign_in(page: Page, secret: str) -> None:
    await page.get_by_label("Token").fill(secret)
    await page.get_by_role("button", name="Sign in").click()


async def token(served: Served) -> tuple[str, str]:
    """A token that may look and act: (id, secret). With the first one the tests need one, too."""
    if served.token is None:
        served.token = (await served.tally("token", "create", "--scope", "read", "--scope", "publish")).strip()
    known = await _ids(served)
    secret = (await served.tally("token", "create", "--scope", "read", "--scope", "act")).strip()
    (identity,) = await _ids(served) - known
    return identity, secret


async def _ids(served: Served) -> set[str]:
    return {line.partition(" ")[0] for line in (await served.tally("token", "list")).splitlines()}
