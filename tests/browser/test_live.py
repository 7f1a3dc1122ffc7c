"""Numbers move while a page is looked at, and nothing else does."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.history import SEQUENCE, enrolled
from tests.browser.reading import number, texts, trend
from tests.browser.served import Served, until
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = links.performance(SEQUENCE)
STARTED = "#tile-enrollments .big data"


async def test_an_event_moves_the_numbers_and_nothing_else(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, PATH)
    before = int(await number(page, STARTED) or 0)
    await page.locator("#filter-team summary").click()
    await page.locator("#filter-team [type=text]").fill("half a na")
    await page.locator("#filter-team [type=checkbox]").first.check()
    await page.evaluate("window.scrollTo(0, 120); document.querySelector('#trend-table').open = true; window.here = true")
    at = await place(page)

    await moving.publish([enrolled(1), enrolled(2)], settled=False)
    await expect(page.locator(STARTED)).to_have_attribute("value", str(before + 2), timeout=PATIENCE)
    await arrived(page, before + 2)

    assert await place(page) == at
    assert await page.evaluate("window.here"), "it is still the same document"
    assert await page.locator("#trend-table").get_attribute("open") is not None
    assert await page.locator("#filter-team [type=text]").input_value() == "half a na"
    assert await page.locator("#filter-team [type=checkbox]").first.is_checked()
    assert await page.evaluate("document.activeElement.matches('#filter-team [type=checkbox]')")


async def test_what_is_patched_is_what_the_server_writes(visitor: Visitor, moving: Served) -> None:
    pages = [await visitor.open(moving, path) for path in (PATH, "/sequences")]
    started = int(await number(pages[0], STARTED) or 0)
    # None of them asks for the page again, so that only what is told stays to be seen.
    for page in pages:
        await page.route("**/*", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    visitor.expected.append("ERR_FAILED")
    await moving.publish([enrolled(number) for number in (11, 12, 13)])
    await expect(pages[0].locator(STARTED)).to_have_attribute("value", str(started + 3), timeout=PATIENCE)
    contacts = str((await moving.told(f"/v1/sequences/{SEQUENCE}/performance"))["enrollments"]["contacts"])
    await expect(pages[1].locator(f"data[data-line={SEQUENCE}][data-of=contacts]")).to_have_attribute("value", contacts, timeout=PATIENCE)
    for page in pages:
        patched = await texts(page, "data[data-line]")
        await page.reload()
        assert await texts(page, "data[data-line]") == patched
        assert len(patched) > 10


async def test_with_filters_the_numbers_move_as_well(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, f"{PATH}?team=team-north")
    before = int(await number(page, STARTED) or 0)
    assert await page.locator("data[data-line]").count() == 0
    await moving.publish([enrolled(21, team_id="team-north"), enrolled(22, team_id="team-south")], settled=False)
    await arrived(page, before + 1)


async def test_a_sequence_appears_by_itself(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, "/sequences")
    await moving.publish([enrolled(31, sequence="brand-new")], settled=False)
    row = page.locator("#sequence-brand-new")
    await expect(row).to_be_visible(timeout=PATIENCE)
    assert await texts(page, "#sequence-brand-new td.number") == ["1", "0.0\u202f%", "0.0\u202f%"]


async def arrived(page: Page, started: int) -> None:
    """Until the live parts have been asked for anew."""
    await expect(page.locator(STARTED)).to_have_attribute("value", str(started), timeout=PATIENCE)

    async def in_the_trend() -> bool:
        return await trend(page) == started

    await until(in_the_trend)


async def place(page: Page) -> list[float]:
    """How far it is scrolled, and where a thing stands."""
    found: list[float] = await page.evaluate("[scrollX, scrollY, document.querySelector('#by-step').getBoundingClientRect().top]")
    return found
