"""A page that does not show the newest numbers says so."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.history import SEQUENCE, enrolled
from tests.browser.reading import number, trend
from tests.browser.served import Served, until
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = links.performance(SEQUENCE)
STARTED = "#tile-enrollments .big data"
ELSEWHERE = "Asia/Tokyo"


async def test_events_that_no_worker_counts_are_still_to_come(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, PATH)
    before = int(await number(page, STARTED) or 0)
    said = page.locator(".as-of")
    await expect(said).to_contain_text("up to date")
    moving.stop_worker()
    try:
        await moving.publish([enrolled(71)], settled=False)
        await expect(said).to_contain_text("1 still to come", timeout=PATIENCE)
        await expect(said.locator(".warn")).to_contain_text("none is being counted", timeout=PATIENCE)
        assert await number(page, STARTED) == before
    finally:
        moving.start_worker()
    await expect(page.locator(STARTED)).to_have_attribute("value", str(before + 1), timeout=PATIENCE)
    await expect(said).to_contain_text("up to date", timeout=PATIENCE)


async def test_numbers_that_cannot_be_read_are_said_in_the_zone_of_the_page(visitor: Visitor, moving: Served) -> None:
    visitor.expected.append("status of 503")
    page = await visitor.open(moving, f"{PATH}?time_zone={ELSEWHERE}", zone="America/New_York")
    before = int(await number(page, STARTED) or 0)
    bar = page.locator("[data-stale]")
    # As while Redis is away: the stream stays open.
    await page.route("**/*", away)
    began = datetime.now(UTC)
    await moving.publish([enrolled(72)], settled=False)
    await expect(bar).to_contain_text("The numbers cannot be read since", timeout=PATIENCE)
    assert await clock(page) in {f"{at.astimezone(ZoneInfo(ELSEWHERE)):%H:%M}" for at in (began, datetime.now(UTC))}
    await page.unroute("**/*", away)
    await expect(bar).not_to_be_visible(timeout=PATIENCE)

    async def in_the_trend() -> bool:
        return await trend(page) == before + 1

    await until(in_the_trend)


async def away(route: Route) -> None:
    if route.request.resource_type == "fetch":
        await route.fulfill(status=503)
    else:
        await route.continue_()


async def clock(page: Page) -> str:
    """The time in the bar, of which the zone has to be named."""
    found = re.search(rf"since (\d\d:\d\d) \({ELSEWHERE}\), trying again\.$", await page.locator("[data-stale] span").inner_text())
    assert found is not None
    return found[1]
