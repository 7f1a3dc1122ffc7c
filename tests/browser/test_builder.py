"""A report is put together by ticking: what comes of it is shown at once, and the address keeps it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.browser.reading import rows
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from web.pages import formats

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/reports/custom"


async def test_what_is_ticked_is_shown_at_once(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, f"{PATH}?team=team-north")
    await tick(page, "started")
    await expect(page.locator("#preview table")).to_be_visible()
    await page.locator("#build-by-1").select_option("user")
    await expect(page.locator("#custom canvas")).to_be_visible()
    assert given(page) == {"team": ["team-north"], "measure": ["started"], "by": ["user"]}
    told = (await company.told(f"/v1/reports/custom?{urlsplit(page.url).query}"))["rows"]
    assert await rows(page, "#custom table") == [[row["by"]["user"], formats.number(row["values"]["started"])] for row in told]
    await page.reload()
    assert await page.locator("#build [type=checkbox]:checked").count() == 1
    assert await page.locator("#build-by-1").input_value() == "user"


async def test_what_is_wrong_is_said_until_it_is_right(visitor: Visitor, company: Served) -> None:
    visitor.expected.append("status of 400")
    page = await visitor.open(company, f"{PATH}?measure=started&by=day")
    await expect(page.locator("#custom canvas")).to_be_visible()
    await page.locator("#build-by-2").select_option("month")
    await expect(page.get_by_role("alert")).to_contain_text("day and month are both dates")
    await expect(page.locator("#preview table")).to_have_count(0)
    await page.locator("#build-by-2").select_option("team")
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.locator("#custom canvas")).to_be_visible()


async def test_a_measure_that_is_not_counted_any_more_does_not_sort(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, f"{PATH}?measure=started&measure=reply_rate&by=team&sort=reply_rate")
    await tick(page, "reply_rate")
    await expect(page.locator("#custom thead th")).to_have_count(2)
    assert given(page) == {"measure": ["started"], "by": ["team"]}
    assert await page.locator("#build-sort").input_value() == ""


async def test_filters_take_along_what_is_ticked(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    await tick(page, "replied")
    await expect(page.locator("#preview table")).to_be_visible()
    await page.locator("#filter-team summary").click()
    await page.locator("#filter-team").get_by_label("team-north").check()
    await page.locator("#filter-team").get_by_role("button", name="Apply").click()
    assert given(page) == {"team": ["team-north"], "measure": ["replied"]}
    await expect(page.locator("#preview table")).to_be_visible()


async def tick(page: Page, measure: str) -> None:
    box = page.locator(f"#build [type=checkbox][value={measure}]")
    await page.locator("#build details:not([open]) summary").evaluate_all("all => all.forEach((one) => one.click())")
    await box.click()


def given(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)
