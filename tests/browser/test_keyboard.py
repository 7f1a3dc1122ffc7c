"""Everything can be done with the keyboard alone."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.boards import board, ordered
from tests.browser.history import SEQUENCE
from tests.browser.served import Served, until
from tests.browser.test_actions import somebody, status
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = links.performance(SEQUENCE)
MOST = 60
"""How often somebody presses Tab before it is too often."""


async def test_the_first_key_leads_past_the_navigation(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    await page.keyboard.press("Tab")
    skip = page.locator(".skip")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_the_navigation_leads_to_another_page(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    await reach(page, "nav[aria-label=Pages] a[href='/dashboards']")
    await seen(page)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboards")


async def test_a_filter_is_set_by_keys(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    await reach(page, "#filter-team summary")
    await seen(page)
    await page.keyboard.press("Enter")
    await expect(page.locator("#filter-team fieldset")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#filter-team fieldset")).not_to_be_visible()
    await expect(page.locator("#filter-team summary")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    value = await page.locator("#filter-team :checked").get_attribute("value")
    await reach(page, "#filter-team button")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**team={value}")


async def test_the_meaning_of_a_number_shows_with_the_focus(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    tip = page.locator("#meaning-reply")
    await expect(tip).not_to_be_visible()
    await reach(page, "#tile-reply .explain")
    await expect(tip).to_be_visible()
    await expect(tip).to_contain_text("at least one reply")
    await page.keyboard.press("Escape")
    await expect(tip).not_to_be_visible()


async def test_a_table_that_is_too_wide_is_scrolled_by_keys(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH, phone=True)
    await reach(page, "[aria-labelledby=steps-title] .scroll")
    await page.keyboard.press("ArrowRight")
    await until(lambda: page.evaluate("document.activeElement.scrollLeft > 0"))


async def test_somebody_is_paused_by_keys_and_undo_is_at_hand(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, links.enrollments(SEQUENCE))
    row, person = await somebody(page, moving, 121)
    told = page.locator("#told")
    await reach(page, f"[data-who={person}] [data-tick]")
    await page.keyboard.press("Space")
    await expect(page.locator("[data-ticked]")).to_have_text("1 ticked")
    await reach(page, "#act-pause", "Shift+Tab")
    await seen(page)
    await page.keyboard.press("Enter")
    await expect(told).to_contain_text("Paused 1 enrollment.", timeout=PATIENCE)
    await expect(row).to_have_attribute("data-status", "paused")
    # All rows are between the button and it.
    await expect(told.get_by_role("button", name="Undo")).to_be_focused()
    await seen(page)
    await page.keyboard.press("Enter")
    await expect(told).to_contain_text("Resumed 1 enrollment.", timeout=PATIENCE)
    await expect(row).to_have_attribute("data-status", "active")
    assert await status(moving, person) == ("active", None)


async def test_undo_does_not_take_the_focus_from_what_somebody_has_gone_on_to(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, links.enrollments(SEQUENCE))
    _, person = await somebody(page, moving, 122)
    await reach(page, f"[data-who={person}] [data-tick]")
    await page.keyboard.press("Space")
    await reach(page, "#act-pause", "Shift+Tab")
    await page.keyboard.press("Enter")
    await reach(page, "[data-tick-all]")
    await expect(page.locator("#told").get_by_role("button", name="Undo")).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("[data-tick-all]")).to_be_focused()


async def test_a_card_is_moved_by_keys(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, await board(moving, "by-keys"))
    down, up = (page.get_by_role("button", name=f"Move {way}: One") for way in ("down", "up"))
    await reach(page, "[aria-label='Move down: One']")
    await seen(page)
    await page.keyboard.press("Enter")
    await ordered(page, moving, "by-keys", "Two", "One", "Three")
    await expect(down).to_be_focused()
    await seen(page)
    await page.keyboard.press("Enter")
    await ordered(page, moving, "by-keys", "Two", "Three", "One")
    # There is no further.
    await expect(up).to_be_focused()
    await seen(page)
    # Whoever is faster than the server means both.
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await ordered(page, moving, "by-keys", "One", "Two", "Three")
    await expect(down).to_be_focused()


async def reach(page: Page, css: str, key: str = "Tab") -> None:
    """Press Tab until it has the focus."""
    for _ in range(MOST):
        await page.keyboard.press(key)
        if await page.evaluate("css => document.activeElement.matches(css)", css):
            return
    raise AssertionError(f"{css} was not reached by the keyboard")


async def seen(page: Page) -> None:
    """What has the focus is marked, and in sight."""
    outline = await page.evaluate("(({outlineStyle, boxShadow}) => [outlineStyle, boxShadow])(getComputedStyle(document.activeElement))")
    assert outline != ["none", "none"]
    assert await page.evaluate("(({top, bottom}) => bottom > 0 && top < innerHeight)(document.activeElement.getBoundingClientRect())")
