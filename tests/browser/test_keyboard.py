"""Everything can be done with the keyboard alone."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.history import SEQUENCE
from tests.browser.served import Served, until
from tests.browser.visitor import Visitor
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


async def reach(page: Page, css: str) -> None:
    """Press Tab until it has the focus."""
    for _ in range(MOST):
        await page.keyboard.press("Tab")
        if await page.evaluate("css => document.activeElement.matches(css)", css):
            return
    raise AssertionError(f"{css} was not reached by the keyboard")


async def seen(page: Page) -> None:
    """What has the focus is marked, and in sight."""
    outline = await page.evaluate("(({outlineStyle, boxShadow}) => [outlineStyle, boxShadow])(getComputedStyle(document.activeElement))")
    assert outline != ["none", "none"]
    assert await page.evaluate("(({top, bottom}) => bottom > 0 && top < innerHeight)(document.activeElement.getBoundingClientRect())")
