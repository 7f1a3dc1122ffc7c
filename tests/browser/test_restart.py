"""A page that is open while its server dies goes on by itself when it is back."""

import json

import pytest
from playwright.async_api import expect

from tests.browser.history import SEQUENCE, enrolled
from tests.browser.reading import number, trend
from tests.browser.served import Served, until
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_page_survives_a_kill_of_its_server(visitor: Visitor, moving: Served) -> None:
    visitor.expected.append("net::ERR_")
    page = await visitor.open(moving, links.performance(SEQUENCE))
    await page.evaluate("window.here = true")
    before = int(await number(page, "#tile-enrollments .big data") or 0)
    bar = page.locator("[data-stale]")
    assert not await bar.is_visible()

    moving.kill_web()
    await expect(bar).to_be_visible(timeout=PATIENCE)
    await expect(bar).to_contain_text("Live updates are lost since")
    meanwhile = moving.folder / "meanwhile.jsonl"
    meanwhile.write_text("".join(json.dumps(enrolled(number)) + "\n" for number in range(40, 43)))
    await moving.tally("publish", str(meanwhile))
    assert await number(page, "#tile-enrollments .big data") == before

    await moving.start_web()
    await expect(bar).not_to_be_visible(timeout=PATIENCE)
    await expect(page.locator("#tile-enrollments .big data")).to_have_attribute("value", str(before + 3), timeout=PATIENCE)

    async def in_the_trend() -> bool:
        return await trend(page) == before + 3

    await until(in_the_trend)
    await moving.publish([enrolled(43)], settled=False)
    await expect(page.locator("#tile-enrollments .big data")).to_have_attribute("value", str(before + 4), timeout=PATIENCE)
    assert await page.evaluate("window.here"), "it is still the same document"
