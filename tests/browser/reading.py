"""Reads the numbers of a page as they are in the browser, after its scripts."""

from typing import Final

from playwright.async_api import Page

_TEXT: Final = "node.textContent.replace(/[ \\t\\r\\n]+/g, ' ').replace(/^ | $/g, '')"


async def texts(page: Page, css: str) -> list[str]:
    """The text of each element, with every run of white space as one space; those within numbers are none."""
    found: list[str] = await page.locator(css).evaluate_all(f"nodes => nodes.map((node) => {_TEXT})")
    return found


async def rows(page: Page, css: str) -> list[list[str]]:
    """The texts of the cells of the rows in the body of the only table there is."""
    found: list[list[str]] = await page.locator(css).evaluate(
        f"table => [...table.tBodies[0].rows].map((row) => [...row.cells].map((node) => {_TEXT}))"
    )
    return found


async def values(page: Page, css: str) -> list[float | None]:
    """The numbers that <data> elements have; None where there is nothing to divide by."""
    found: list[float | None] = await page.locator(css).evaluate_all(
        "nodes => nodes.map((node) => node.value === '' ? null : Number(node.value))"
    )
    return found


async def trend(page: Page) -> int:
    """How many enrollments the points of the trend have together. They are not told to pages, and so come with the page alone."""
    cells = page.locator("#trend tbody td:nth-child(2)")
    return int(sum(await cells.evaluate_all("cells => cells.map((cell) => Number(cell.dataset.value))")))


async def number(page: Page, css: str) -> float | None:
    """That of the only one."""
    (found,) = await values(page, css)
    return found
