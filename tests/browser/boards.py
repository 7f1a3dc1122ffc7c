"""Dashboards of tests: one that is made for a test, and the order in which its cards stand."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from playwright.async_api import Page, expect

from tests.browser.history import SEQUENCE, event
from tests.browser.served import Served, until
from tests.browser.visitor import PATIENCE
from web.pages import links


def headlines(title: str, **more: str) -> dict[str, Any]:
    """A card with the tiles of a sequence."""
    return {"report": "performance", "parameters": {"sequence_id": SEQUENCE, **more}, "title": title}


THREE: Final = tuple(headlines(title) for title in ("One", "Two", "Three"))


async def board(served: Served, dashboard_id: str, cards: Sequence[dict[str, Any]] = THREE) -> str:
    """The path of a dashboard that is saved for a test. `dashboard_id`: one that no other test has; it is called so as well."""
    saved = event("dashboard.saved", timedelta(minutes=1), dashboard_id=dashboard_id, name=dashboard_id, cards=list(cards))
    await served.publish([saved])
    return links.dashboard(dashboard_id)


async def ordered(page: Page, served: Served, dashboard_id: str, *titles: str) -> None:
    """Wait until the cards stand in this order, in what is saved and on the page."""

    async def are_saved() -> bool:
        cards = (await served.told(f"/v1{links.dashboard(dashboard_id)}"))["cards"]
        return [card["title"] for card in cards] == list(titles)

    await until(are_saved)
    await expect(page.locator("#board h2")).to_have_text(list(titles), timeout=PATIENCE)
