"""Charts: what is behind a bar, and what can be taken away from one."""

import csv
import io
import struct
from asyncio import to_thread
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Download, Locator, Page, expect

from tests.browser.history import SEQUENCE
from tests.browser.reading import rows
from tests.browser.served import Served
from tests.browser.visitor import Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH: Final = links.performance(SEQUENCE)
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_SEGMENTS: Final = """figure => [...figure.querySelector("table").tBodies[0].rows].map((row) =>
    [...row.cells].filter((cell) => "value" in cell.dataset).map((cell) => [Number(cell.dataset.value), cell.querySelector("a")?.href]))"""


async def test_a_click_on_a_bar_leads_to_those_that_it_counts(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    figure = page.locator("#by-step")
    bars = await figure.evaluate(_SEGMENTS)
    place, row = max(enumerate(bars), key=lambda one: len([count for count, _ in one[1] if count]))
    wanted = [(rank, count, href) for rank, (count, href) in enumerate(row) if count]
    assert len(wanted) > 1
    for rank, count, href in wanted:
        await click(page, figure, bars, place, rank)
        await page.wait_for_url(href)
        assert (await company.told(href_of_api(href)))["total"] == count
        await page.go_back()


async def test_a_link_in_a_cell_leads_to_those_that_it_counts(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    cell = page.locator("[aria-labelledby=steps-title] td:has(> a)", has=page.locator("data")).first
    count = await cell.locator("data").nth(1).get_attribute("value")
    href = await cell.locator("a").evaluate("link => link.href")
    await cell.locator("a").click()
    await page.wait_for_url(href)
    assert str((await company.told(href_of_api(href)))["contacts"]) == count


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_a_chart_is_a_picture_to_take_away(visitor: Visitor, company: Served, dark: bool) -> None:
    page = await visitor.open(company, PATH, dark=dark)
    await expect(page.locator("#by-step canvas")).to_be_visible()
    content = await downloaded(page, page.locator("#by-step [data-png]"), "by-step.png")
    width, height = struct.unpack(">II", content[16:24])
    assert content.startswith(_PNG)
    assert width > 600
    assert height > 260
    assert len(content) > 4_000


async def test_a_chart_is_a_table_to_take_away(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, f"{PATH}?team=team-north")
    content = await downloaded(page, page.locator("#trend .downloads a"), "trend.csv")
    points = list(csv.DictReader(io.StringIO(content.decode())))
    columns = ("enrollments", "opened", "clicked", "replied", "met")
    shown = await page.locator("#trend tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].slice(1).map((cell) => cell.dataset.value))"
    )
    assert shown == [[point[column] for column in columns] for point in points]
    assert len(shown) == len(await rows(page, "#trend table")) > 3


@pytest.mark.parametrize(("path", "figure"), [(PATH, "by-step"), ("/reports/times", "send-to-reply")])
async def test_the_file_of_a_chart_has_what_the_chart_shows(visitor: Visitor, company: Served, path: str, figure: str) -> None:
    page = await visitor.open(company, path)
    await expect(page.locator(f"#{figure} canvas")).to_be_visible()
    content = await downloaded(page, page.locator(f"#{figure} [data-csv]"), f"{figure}.csv")
    _, *lines = csv.reader(io.StringIO(content.decode()))
    assert [line[0] for line in lines] == [row[0] for row in await rows(page, f"#{figure} table")]
    bars = await page.locator(f"#{figure}").evaluate(_SEGMENTS)
    assert [[int(number) for number in line[1 : 1 + len(bars[0])]] for line in lines] == [[count for count, _ in row] for row in bars]
    assert len(lines) > 3


async def test_a_chart_says_what_the_pointer_is_on(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, PATH)
    figure = page.locator("#by-step")
    bars = await figure.evaluate(_SEGMENTS)
    place, row = next((place, row) for place, row in enumerate(bars) if row[0][0])
    await hover(page, figure, bars, place, 0)
    tip = figure.locator(".plot-tip")
    await expect(tip).to_be_visible()
    # The last one is at the bottom, as in the bar.
    assert await tip.locator("b").all_inner_texts() == [str(count) for count, _ in reversed(row)]


async def click(page: Page, figure: Locator, bars: list[list[tuple[int, str]]], place: int, rank: int) -> None:
    await hover(page, figure, bars, place, rank)
    await page.mouse.down()
    await page.mouse.up()


async def hover(page: Page, figure: Locator, bars: list[list[tuple[int, str]]], place: int, rank: int) -> None:
    """Go to the middle of a part of a bar: those of a row are upon each other, and the highest ends at 1/1.05 of the height."""
    over = figure.locator(".u-over")
    await over.scroll_into_view_if_needed()
    box = await over.bounding_box()
    assert box is not None
    counts = [count for count, _ in bars[place]]
    middle = sum(counts[:rank]) + counts[rank] / 2
    most = 1.05 * max(sum(count for count, _ in row) for row in bars)
    await page.mouse.move(box["x"] + box["width"] * (place + 0.5) / len(bars), box["y"] + box["height"] * (1 - middle / most))


async def downloaded(page: Page, press: Locator, name: str) -> bytes:
    """The file that comes from a click."""
    async with page.expect_download() as waiting:
        await press.click()
    download: Download = await waiting.value
    assert download.suggested_filename == name
    return await to_thread(Path(await download.path()).read_bytes)


def href_of_api(href: str) -> str:
    """The report behind the page of a list."""
    return f"/v1/enrollments?sequence={SEQUENCE}&{href.partition('?')[2]}"
