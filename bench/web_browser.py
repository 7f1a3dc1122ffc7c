"""A page in a real browser, in a process of its own: how much it loads, how soon it is seen, and when a number on it changes."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypedDict

from playwright.sync_api import Page, sync_playwright

from bench.browser import ARGUMENTS, program

_LOADED: Final = """() => {
  const parts = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    bytes: parts.filter((part) => !part.name.includes("/v1/live")).map((part) => part.encodedBodySize).reduce((all, one) => all + one, 0),
    requests: parts.length,
    first_paint: paint.startTime,
  };
}"""
_WINDOW: Final = 1_500
"""Milliseconds in which a new window of Chromium loads what it is made of itself, some thirty scripts, on the core that the page needs."""
_NOTE_CHANGES: Final = """(selector) => {
  window.noted = [];
  let last = null;
  const look = () => {
    const value = document.querySelector(selector)?.getAttribute("value");
    if (value !== last) window.noted.push([performance.timeOrigin + performance.now(), Number(last = value)]);
    requestAnimationFrame(look);
  };
  look();
}"""


class Loaded(TypedDict):
    """`bytes` as sent, zipped, of everything that the page is made of; `first_paint` in ms from the click on."""

    bytes: int
    requests: int
    first_paint: float


Change = tuple[float, int]
"""When (ms since 1970 UTC, of the frame that shows it), and the number."""


def load(url: str, times: int) -> list[Loaded]:
    """Open the page so many times, each in a new window that has nothing of it; once more before, which wakes browser and server."""
    found: list[Loaded] = []
    with _browser() as made:
        for _ in range(1 + times):
            context = made.new_context()
            page: Page = context.new_page()
            page.wait_for_timeout(_WINDOW)
            page.goto(url, wait_until="load")
            page.wait_for_timeout(500)  # modules load others
            # Not by wait_for_function, which the policy of the pages forbids.
            while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
                page.wait_for_timeout(50)
            found.append(page.evaluate(_LOADED))
            context.close()
    return found[1:]


def watch(url: str, selector: str) -> list[Change]:
    """Every number that the element shows, frame by frame, until standard input closes."""
    with _browser() as made:
        page = made.new_page()
        page.goto(url, wait_until="load")
        page.evaluate(_NOTE_CHANGES, selector)
        while not select.select([sys.stdin], [], [], 0)[0] or os.read(sys.stdin.fileno(), 1):
            page.wait_for_timeout(50)
        return [(float(time), int(number)) for time, number in page.evaluate("window.noted")]


@contextmanager
def _browser() -> Iterator[Any]:
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=program(), args=ARGUMENTS)
        try:
            yield made
        finally:
            made.close()
