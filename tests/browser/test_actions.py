"""Pause, resume and unenroll: from a tick on the page through the log and the worker back to the page."""

from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.history import HOSTILE, HOSTILE_SEQUENCE, SEQUENCE, enrolled
from tests.browser.served import Served
from tests.browser.visitor import PATIENCE, Visitor
from web.pages import links

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASKED_AGAIN: Final = "status of 400"
"""What the browser says of an answer in which something is refused."""


async def test_whoever_is_paused_is_paused_on_the_page_and_undo_resumes(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, links.enrollments(SEQUENCE))
    row, person = await somebody(page, moving, 101)
    await expect(page.locator("#act-pause")).to_be_disabled()
    await row.locator("[data-tick]").check()
    await page.locator("#act-pause").click()
    await expect(row).to_have_attribute("data-status", "paused", timeout=PATIENCE)
    await expect(row.locator(".badge")).to_have_text("Paused")
    assert await status(moving, person) == ("paused", None)
    told = page.locator("#told")
    await expect(told).to_contain_text("Paused 1 enrollment.")
    await told.get_by_role("button", name="Undo").click()
    await expect(row).to_have_attribute("data-status", "active", timeout=PATIENCE)
    await expect(told).to_contain_text("Resumed 1 enrollment.")
    assert await status(moving, person) == ("active", None)
    (paused, resumed) = (await moving.told(f"/v1/contacts/{person}"))["events"][-2:]
    assert (paused["type"], resumed["type"]) == ("enrollment.paused", "enrollment.resumed")
    assert paused["source"] == "tally/dashboard"


async def test_to_unenroll_somebody_has_to_be_meant(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, links.enrollments(SEQUENCE))
    row, person = await somebody(page, moving, 102)
    await row.locator("[data-tick]").check()
    dialog = page.get_by_role("dialog")
    for way in ("Escape", "Cancel"):
        await page.locator("#act-unenroll").click()
        await expect(dialog).to_contain_text("cannot be undone")
        await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        if way == "Escape":
            await page.keyboard.press("Escape")
        else:
            await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).not_to_be_attached()
        await expect(page.locator("#act-unenroll")).to_be_focused()
        assert await status(moving, person) == ("active", None)
    await page.locator("#act-unenroll").press("Enter")
    await dialog.get_by_role("button", name="Unenroll").click()
    await expect(row).to_have_attribute("data-status", "unenrolled", timeout=PATIENCE)
    assert await status(moving, person) == ("unenrolled", "manual")
    await expect(page.locator("#told").get_by_role("button", name="Undo")).not_to_be_visible()


async def test_what_cannot_be_is_refused_with_its_reason(visitor: Visitor, moving: Served) -> None:
    visitor.expected.append(ASKED_AGAIN)
    page = await visitor.open(moving, f"{links.enrollments(SEQUENCE)}?status=finished")
    row = page.locator("tr[data-status=finished]").first
    who = await row.get_attribute("data-who")
    await row.locator("[data-tick]").check()
    for action in ("pause", "resume", "unenroll"):
        await expect(page.locator(f"#act-{action}")).to_be_disabled()
    # As if it had ended since the page was made.
    await row.evaluate("row => { row.dataset.status = 'active' }")
    await row.locator("[data-tick]").uncheck()
    await row.locator("[data-tick]").check()
    await page.locator("#act-pause").click()
    await expect(page.locator("#told")).to_contain_text(f"Refused for {who}: ")
    await expect(page.locator("#told")).to_contain_text("finished")


async def test_many_are_ticked_at_once(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, f"{links.enrollments(HOSTILE_SEQUENCE)}?status=active")
    rows = page.locator("tr[data-enrollment]")
    number = await rows.count()
    assert number > 4
    await page.locator("[data-tick-all]").check()
    await expect(page.locator("[data-ticked]")).to_have_text(f"{number} ticked")
    await page.locator("#act-pause").click()
    await expect(rows).to_have_count(0, timeout=PATIENCE)
    await expect(page.locator("#told")).to_contain_text(f"Paused {number} enrollments.")
    paused = await moving.told(f"/v1/enrollments?sequence={links.part(HOSTILE_SEQUENCE)}&status=paused")
    assert paused["total"] == number
    assert {row["contact_id"] for row in paused["enrollments"]} <= set(HOSTILE)


async def test_on_the_page_of_a_contact_it_is_the_same(visitor: Visitor, moving: Served) -> None:
    page = await visitor.open(moving, links.enrollments(SEQUENCE))
    _, person = await somebody(page, moving, 103)
    await page.goto(f"{moving.address}{links.contact(person)}")
    await page.locator("[data-tick]").check()
    await page.locator("#act-pause").click()
    await expect(page.locator("tr[data-enrollment]")).to_have_attribute("data-status", "paused", timeout=PATIENCE)
    await expect(page.locator(".story")).to_contain_text("tally/dashboard", timeout=PATIENCE)


async def somebody(page: Page, moving: Served, number: int) -> tuple[Locator, str]:
    """Somebody who is enrolled while the page is looked at: the row, and the contact."""
    event = enrolled(number)
    await moving.publish([event], settled=False)
    person = str(event["data"]["contact_id"])
    row = page.locator("tr[data-status]", has=page.get_by_role("link", name=person, exact=True))
    await expect(row).to_have_attribute("data-status", "active", timeout=PATIENCE)
    return row, person


async def status(moving: Served, contact: str) -> tuple[str, str | None]:
    """What the API says of the only enrollment of a contact."""
    (row,) = (await moving.told(f"/v1/contacts/{contact}"))["enrollments"]
    return row["status"], row["reason"]
