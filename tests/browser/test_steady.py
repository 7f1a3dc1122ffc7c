"""Rows stay where they are while somebody works on them: nobody ticks another than they aimed at, and nobody who is ticked is lost."""

from datetime import timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.history import SEQUENCE, enrolled, event
from tests.browser.served import Served
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIST = links.enrollments(SEQUENCE)


async def test_the_list_waits_for_whoever_has_the_pointer_on_it(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, LIST)
    before = await ids(page)
    await page.locator("#list tbody tr").nth(5).hover()
    await arrive(page, moving, 201)
    await expect(page.locator("[data-ticked]")).to_have_text("The list waits until the pointer has left it")
    assert await ids(page) == before
    await page.mouse.move(5, 5)
    await expect(named(page, 201)).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("[data-ticked]")).not_to_contain_text("waits")


async def test_who_is_ticked_stays_until_nobody_is(visitor: Visitor, moving: Served) -> None:
    """Also who is not of the list any more, as it is of the active ones and somebody else has paused this one."""
    page = await visitor.open(moving, f"{LIST}?status=active")
    await arrive(page, moving, 202)
    row = page.locator("#list tbody tr", has=named(page, 202))
    mark = await row.get_attribute("id")
    await row.locator("[data-tick]").check()
    await page.mouse.move(5, 5)
    before = await ids(page)
    await moving.publish([event("enrollment.paused", timedelta(0), **enrolled(202)["data"])], settled=False)
    await arrive(page, moving, 203)
    await expect(page.locator("[data-ticked]")).to_have_text("1 ticked · the list waits for you")
    await expect(page.locator(f"#{mark}")).to_have_attribute("data-left", "", timeout=PATIENCE)
    await expect(page.locator(f"#{mark} [data-tick]")).to_be_checked()
    assert await ids(page) == before
    await page.locator(f"#{mark} [data-tick]").press("Space")
    await expect(named(page, 203)).to_be_visible(timeout=PATIENCE)
    await expect(page.locator(f"#{mark}")).not_to_be_attached(timeout=PATIENCE)


async def test_numbers_of_rows_that_wait_move(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, LIST)
    row = page.locator("#list tbody tr[data-status=active]").first
    mark = await row.get_attribute("id")
    await row.locator("[data-tick]").check()
    await page.locator("#act-pause").click()
    await row.hover()
    await expect(page.locator(f"#{mark}")).to_have_attribute("data-status", "paused", timeout=PATIENCE)


async def test_undo_says_what_has_come_of_it_where_the_list_has_nobody_of_them(visitor: Visitor, moving: Served) -> None:
    """They left the list of the active ones when they were paused."""
    page = await visitor.open(moving, f"{LIST}?status=active")
    row = page.locator("#list tbody tr").first
    mark = await row.get_attribute("id")
    await row.locator("[data-tick]").check()
    await page.locator("#act-pause").click()
    told = page.locator("#told")
    await expect(told).to_contain_text("Paused 1 enrollment.", timeout=PATIENCE)
    await expect(page.locator(f"#{mark}")).not_to_be_attached(timeout=PATIENCE)
    await told.get_by_role("button", name="Undo").click()
    await expect(told).to_contain_text("Resumed 1 enrollment.", timeout=PATIENCE)
    await expect(page.locator(f"#{mark}")).to_have_attribute("data-status", "active", timeout=PATIENCE)


async def arrive(page: Page, moving: Served, number: int) -> None:
    """Somebody new, of whom the page has heard."""
    total = await page.locator("#rail data").first.get_attribute("value")
    await moving.publish([enrolled(number)], settled=False)
    await expect(page.locator("#rail data").first).not_to_have_attribute("value", str(total), timeout=PATIENCE)


def named(page: Page, number: int) -> Locator:
    return page.get_by_role("link", name=f"new-{number}", exact=True)


async def ids(page: Page) -> list[str]:
    found: list[str] = await page.locator("#list tbody tr").evaluate_all("rows => rows.map((row) => row.id)")
    return found
