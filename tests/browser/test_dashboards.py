"""Dashboards are put together and arranged on their pages, and their numbers move there."""

import re
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.boards import board, headlines, ordered
from tests.browser.history import enrolled
from tests.browser.reading import number
from tests.browser.served import Served, until
from tests.browser.visitor import PATIENCE, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPORT: Final = "/reports/trend?interval=month"
CARD: Final = {"report": "trend", "parameters": {"interval": ["month"]}, "title": "By month"}
STARTED: Final = ".tile:first-child .big data"


async def test_a_report_is_put_on_a_dashboard(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, "/dashboards")
    await page.get_by_label("Name of a new dashboard").fill("Every morning")
    await page.get_by_role("button", name="New dashboard").click()
    await page.wait_for_url("**/dashboards/every-morning-*")
    made = await the_one(moving, "Every morning")
    await expect(page.get_by_text("No cards yet")).to_be_visible(timeout=PATIENCE)

    await page.goto(moving.address + REPORT)
    await page.get_by_role("link", name="Add to dashboard").click()
    await page.get_by_label("Every morning").check()
    await page.get_by_label("Title of the card").fill("By month")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.wait_for_url(f"**/dashboards/{made}*")
    await ordered(page, moving, made, "By month")
    await expect(page.locator("#board canvas")).to_be_visible()
    assert (await moving.told(f"/v1/dashboards/{made}"))["cards"] == [CARD]


async def test_a_report_begins_a_dashboard(visitor: Visitor, moving: Served) -> None:
    await board(moving, "another")
    page = await visitor.open(moving, REPORT)
    await page.get_by_role("link", name="Add to dashboard").click()
    await page.get_by_label("Title of the card").fill("By month")
    await page.get_by_label("Name of the new one").fill("Every evening")
    await expect(page.get_by_label("A new one", exact=True)).to_be_checked()
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.wait_for_url("**/dashboards/every-evening-*")
    made = await the_one(moving, "Every evening")
    await ordered(page, moving, made, "By month")


async def test_a_card_is_moved_by_its_buttons(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, await board(moving, "by-buttons"))
    await page.evaluate("window.here = true")
    await expect(page.get_by_role("button", name="Move up: One")).to_be_disabled()
    await page.get_by_role("button", name="Move down: One").click()
    await ordered(page, moving, "by-buttons", "Two", "One", "Three")
    await page.get_by_role("button", name="Move up: Three").click()
    await ordered(page, moving, "by-buttons", "Two", "Three", "One")
    await expect(page.get_by_role("button", name="Move down: One")).to_be_disabled()
    assert await page.evaluate("window.here"), "it is still the same document"


async def test_a_card_is_dragged_by_its_grip(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, await board(moving, "by-hand"))
    await page.set_viewport_size({"width": 1280, "height": 1200})
    await take(page, "Three")
    await card(page, "One").hover(position={"x": 200, "y": 12})
    await expect(card(page, "One")).to_have_class(re.compile(r"\bbefore\b"))
    await page.mouse.up()
    await ordered(page, moving, "by-hand", "Three", "One", "Two")
    await take(page, "Three")
    height = await card(page, "One").evaluate("card => card.clientHeight")
    await card(page, "One").hover(position={"x": 200, "y": height - 12})
    await expect(card(page, "One")).to_have_class(re.compile(r"\bafter\b"))
    await page.mouse.up()
    await ordered(page, moving, "by-hand", "One", "Three", "Two")


async def test_a_card_is_still_held_when_the_page_has_come_anew(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, await board(moving, "held"))
    await page.set_viewport_size({"width": 1280, "height": 1200})
    as_of = str(await page.locator("[data-as-of]").get_attribute("data-as-of"))
    await take(page, "Two")
    await card(page, "One").hover(position={"x": 200, "y": 12})
    await moving.publish([enrolled(112)], settled=False)
    await expect(page.locator("[data-as-of]")).not_to_have_attribute("data-as-of", as_of, timeout=PATIENCE)
    await expect(card(page, "Two")).to_have_class(re.compile(r"\bdragged\b"))
    await expect(card(page, "One")).to_have_class(re.compile(r"\bbefore\b"))
    await page.mouse.up()
    await ordered(page, moving, "held", "Two", "One", "Three")
    await expect(card(page, "Two")).not_to_have_class(re.compile(r"\bdragged\b"))


async def test_the_numbers_of_cards_move(visitor: Visitor, moving: Served) -> None:
    cards = [headlines("Told to the page"), headlines("Asked for anew", team="team-north")]
    places = ["[data-card='0']", "[data-card='1']"]
    page = await visitor.open(moving, await board(moving, "by-itself", cards))
    await page.evaluate("window.here = true")
    assert [await page.locator(f"{place} data[data-line]").count() > 0 for place in places] == [True, False]
    before = [int(await number(page, f"{place} {STARTED}") or 0) for place in places]
    await moving.publish([enrolled(111, team_id="team-north")], settled=False)
    for place, count in zip(places, before, strict=True):
        await expect(page.locator(f"{place} {STARTED}")).to_have_attribute("value", str(count + 1), timeout=PATIENCE)
    assert await page.evaluate("window.here"), "it is still the same document"


async def test_a_card_is_taken_away(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, await board(moving, "less"))
    await page.get_by_label("More for: Two").click()
    await card(page, "Two").get_by_role("button", name="Remove the card").click()
    await ordered(page, moving, "less", "One", "Three")


async def test_a_dashboard_that_is_deleted_can_be_brought_back(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, await board(moving, "gone"))
    await page.locator("#board-delete summary").click()
    await page.get_by_role("button", name="Delete the dashboard").click()
    await page.wait_for_url(re.compile(r"/dashboards\?deleted=gone"))
    notice = page.locator("#notice")
    await expect(notice).to_contain_text("The dashboard “gone” is deleted.", timeout=PATIENCE)
    await expect(page.locator("#dashboard-gone")).to_have_count(0)
    assert not await named(moving, "gone")
    await notice.get_by_role("button", name="Undo").click()
    await page.wait_for_url("**/dashboards/gone*")
    await ordered(page, moving, "gone", "One", "Two", "Three")


def card(page: Page, title: str) -> Locator:
    return page.locator("[data-card]", has=page.get_by_role("heading", name=title, exact=True))


async def take(page: Page, title: str) -> None:
    """Take hold of a card."""
    await card(page, title).locator("[data-grip]").hover()
    await page.mouse.down()


async def named(moving: Served, name: str) -> list[str]:
    """The dashboards that are called so."""
    return [one["dashboard_id"] for one in (await moving.told("/v1/dashboards"))["dashboards"] if one["name"] == name]


async def the_one(moving: Served, name: str) -> str:
    """The only one that is called so, as soon as it is there."""
    await until(lambda: named(moving, name))
    (found,) = await named(moving, name)
    return found
