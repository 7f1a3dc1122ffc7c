"""Filters are in the address: they can be shared, kept and gone back to, with scripts and without."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page

from tests.browser.history import SEQUENCE
from tests.browser.reading import number, texts
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = links.performance(SEQUENCE)
STARTED = "#tile-enrollments .big data"


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
async def test_filters_survive_a_reload_and_the_way_back_and_forward(visitor: Visitor, company: Served, script: bool) -> None:
    page = await visitor.open(company, PATH, script=script)
    everybody = await number(page, STARTED)
    await choose(page, "team", "team-north")
    assert given(page) == {"team": ["team-north"]}
    north = await number(page, STARTED)
    assert north == await started(company, "team=team-north")
    assert north != everybody
    await page.reload()
    assert await number(page, STARTED) == north
    assert await page.locator("#filter-team [type=checkbox]:checked").count() == 1

    await choose(page, "variant", "A")
    assert given(page) == {"team": ["team-north"], "variant": ["A"]}
    both = await number(page, STARTED)
    assert both == await started(company, "team=team-north&variant=A")
    await page.go_back()
    assert await number(page, STARTED) == north
    await page.go_back()
    assert await number(page, STARTED) == everybody
    await page.go_forward()
    await page.go_forward()
    assert await number(page, STARTED) == both

    await page.get_by_label("Remove the filter Team: team-north").click()
    assert given(page) == {"variant": ["A"]}
    await page.get_by_role("link", name="Remove all").click()
    assert given(page) == {}
    assert await number(page, STARTED) == everybody


@pytest.mark.parametrize("script", [True, False], ids=["scripts", "no scripts"])
async def test_days_are_chosen_by_presets_or_one_by_one(visitor: Visitor, company: Served, script: bool) -> None:
    page = await visitor.open(company, f"{PATH}?opens=all", script=script)
    today = datetime.now(UTC).date()
    await page.locator("#filter-dates summary").click()
    await page.get_by_role("link", name="30 days").click()
    first = (today - timedelta(days=29)).isoformat()
    assert given(page) == {"opens": ["all"], "enrolled_from": [first], "enrolled_to": [today.isoformat()]}
    assert await number(page, STARTED) == await started(company, f"enrolled_from={first}&enrolled_to={today}")
    await page.locator("#filter-dates summary").click()
    assert await page.locator("#filter-dates [aria-current]").all_inner_texts() == ["30 days"]
    first = (today - timedelta(days=80)).isoformat()
    await page.get_by_label("From").fill(first)
    await page.get_by_label("To", exact=True).fill("")
    await page.locator("#filter-dates").get_by_role("button", name="Apply").click()
    assert given(page) == {"opens": ["all"], "enrolled_from": [first]}
    assert await number(page, STARTED) == await started(company, f"enrolled_from={first}")


async def test_whose_opens_count_is_in_the_address(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    await page.get_by_role("link", name="People and machines").click()
    assert given(page) == {"opens": ["all"]}
    told = await company.told(f"/v1/sequences/{SEQUENCE}/performance?opens=all")
    assert await number(page, "#tile-open .big data") == told["rates"]["open"]["value"]
    await page.get_by_role("navigation", name="Of this sequence").get_by_role("link", name="Performance").click()
    assert given(page) == {"opens": ["all"]}


async def test_only_a_value_that_somebody_types_is_looked_for(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    await page.locator("#filter-company summary").click()
    await page.locator("#filter-company [type=text]").fill("nobody <b>")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**company=**")
    assert given(page) == {"company": ["nobody <b>"]}
    assert await number(page, STARTED) == 0
    assert await texts(page, ".empty .title") == ["Nothing to show"]
    await page.get_by_role("link", name="Without filters").click()
    assert given(page) == {}


async def choose(page: Page, name: str, value: str) -> None:
    """Tick a value in a menu of the filter bar, and apply it."""
    menu = page.locator(f"#filter-{name}")
    await menu.locator("summary").click()
    await menu.get_by_label(value).first.check()
    await menu.get_by_role("button", name="Apply").click()
    await page.wait_for_url(f"**{name}={value}*")


async def started(company: Served, query: str) -> int:
    """How many enrollments pass the filters."""
    return int((await company.told(f"/v1/sequences/{SEQUENCE}/performance?{query}"))["enrollments"]["started"])


def given(page: Page) -> dict[str, list[str]]:
    """The parameters in the address; those of forms without scripts may be empty."""
    return parse_qs(urlsplit(page.url).query)
