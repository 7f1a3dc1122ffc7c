"""What has to be true of every page: it can be read by everybody, everywhere, and whatever the names on it are."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from starlette.routing import Route

from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.browser import axe
from tests.browser.places import PLACES, Place
from tests.browser.served import Served
from tests.browser.visitor import DESKTOP, PHONE, Visitor
from tests.unit.web.conftest import Served as InProcess
from web.pages.site import NAVIGATION
from web.tokens import Tokens

pytestmark = pytest.mark.asyncio(loop_scope="session")

_WIDTHS = (PHONE["width"], 640, 900)
_UNWANTED = """() => [...document.querySelectorAll("*")].flatMap((element) => [...element.attributes]
    .filter(({name, value}) => name.startsWith("on") || (["href", "src", "action"].includes(name) && /^\\s*javascript:/i.test(value)))
    .map(({name, value}) => `<${element.tagName} ${name}=${value}>`))"""

_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
    .filter((one) => {
      for (let around = one.parentElement; around; around = around.parentElement) {
        if (getComputedStyle(around).overflowX !== "visible") return false;
      }
      return true;
    }).map((one) => one.outerHTML.slice(0, 200)).slice(0, 8)"""


async def test_every_page_of_the_app_is_among_them(tmp_path: Path) -> None:
    app = InProcess(Tokens(tmp_path / "tokens.json"), Reader(MemoryStore())).app()
    routes = {
        route.path for route in app.routes if isinstance(route, Route) and route.name.startswith("page ") and "GET" in (route.methods or ())
    }
    assert routes == {place.route for place in PLACES if place.route}
    assert {entry.path for entry in NAVIGATION} <= {place.path for place in PLACES}


@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_a_page_is_for_everybody(visitor: Visitor, company: Served, place: Place) -> None:
    """axe finds nothing serious in light and dark, on a desktop and on a phone, and a phone need not be scrolled sideways."""
    page = await look(visitor, company, place)
    found = []
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        for dark in (False, True):
            await page.emulate_media(color_scheme="dark" if dark else "light")
            faults = await axe.violations(page, axe.COLOURS if dark else ())
            found += [f"{'dark' if dark else 'light'}, {size['width']} wide: {fault}" for fault in faults]
    assert not found, "\n".join(found)
    await fits(page)


@pytest.mark.parametrize("place", [place for place in PLACES if place.status == 200], ids=str)
async def test_menus_open_inside_of_the_window(visitor: Visitor, company: Served, place: Place) -> None:
    page = await look(visitor, company, place)
    menus = page.locator("details.menu")
    for width in _WIDTHS if await menus.count() else ():
        await page.set_viewport_size({"width": width, "height": 900})
        await page.reload()  # charts are made as wide as the window
        for menu in await menus.all():
            await menu.evaluate("menu => { menu.open = true }")
            left, right = await menu.locator(".panel").evaluate(
                "panel => [panel.getBoundingClientRect()].flatMap((box) => [box.left, box.right])"
            )
            assert 0 <= left < right <= width, f"{await menu.locator('summary').inner_text()} of {width}: from {left} to {right}"
            await fits(page)
            await menu.evaluate("menu => { menu.open = false }")


async def test_on_a_phone_the_navigation_shows_where_one_is(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, NAVIGATION[-1].path, phone=True)
    await expect(page.locator("nav[aria-label=Pages] [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("place", [place for place in PLACES if place.hostile], ids=str)
async def test_hostile_names_are_text(visitor: Visitor, company: Served, place: Place) -> None:
    assert place.hostile is not None
    visitor.expected += ["status of 404"] if place.status != 200 else []
    page = await visitor.open(company, place.hostile, phone=True)
    text = await page.evaluate("document.body.textContent")
    for name in place.names:
        assert name in text
    assert await page.evaluate("window.hacked") is None
    assert await page.evaluate(_UNWANTED) == []
    assert await page.locator("main :is(script, img, iframe, object, embed, svg[onload])").count() == 0
    await fits(page)


@pytest.mark.parametrize("place", PLACES, ids=str)
async def test_a_page_can_be_read_without_scripts(visitor: Visitor, company: Served, place: Place) -> None:
    page = await look(visitor, company, place, script=False)
    assert len(await page.locator("main").inner_text()) > 20
    for table in await page.locator("table").all():
        for details in await table.locator("xpath=ancestor::details[not(@open)]/summary").all():
            await details.click()
        assert await table.is_visible()
    async with page.expect_navigation():
        await page.get_by_role("link", name="Tally", exact=True).click()
    assert page.url == f"{company.address}/sequences"


async def look(visitor: Visitor, company: Served, place: Place, *, script: bool = True) -> Page:
    """Open it; whatever is to be seen has to be there."""
    visitor.expected += [f"status of {place.status}"] if place.status != 200 else []
    page = await visitor.open(company, place.path, script=script)
    assert await page.locator("h1").count() == 1
    return page


async def fits(page: Page) -> None:
    """Raises AssertionError where something makes the page wider than the window."""
    wide = await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], await page.evaluate(_WIDE)
