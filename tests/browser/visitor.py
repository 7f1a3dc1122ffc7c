"""Somebody who looks at pages, and notices what must never happen on one."""

import re
from collections.abc import Sequence
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, ViewportSize

from tests.browser.served import Served

DESKTOP: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
PATIENCE: Final = 30_000


class Visitor:
    """Opens pages, each in a context of its own: its own cookies, its own cache.

    `faults` are the requests to other hosts, errors in the console, errors of scripts, violations of the policy and dialogs, except those
    that look like one of `expected`.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._noticed: list[str] = []
        self.expected: list[str] = []

    async def open(self, served: Served, path: str, **ways: Any) -> Page:
        """Open a page; `ways` are those of `opened`."""
        context = await self.context(served, **ways)
        page = await context.new_page()
        await page.goto(served.address + path)
        return page

    async def context(self, served: Served, **ways: Any) -> BrowserContext:
        """A browser that knows nothing yet."""
        context = await opened(self._browser, **ways)
        self._contexts.append(context)

        def requested(request: Request) -> None:
            if not request.url.startswith((f"{served.address}/", f"blob:{served.address}/", "data:")):
                self._noticed.append(f"a request to elsewhere: {request.url}")

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self._noticed.append(f"in the console: {message.text} ({message.location})")

        async def asked(dialog: Dialog) -> None:
            self._noticed.append(f"a dialog: {dialog.message}")
            await dialog.dismiss()

        context.on("request", requested)
        context.on("console", said)
        context.on("dialog", asked)
        context.on("weberror", lambda error: self._noticed.append(f"an error of a script: {error.error}"))
        return context

    @property
    def faults(self) -> Sequence[str]:
        return [fault for fault in self._noticed if not any(re.search(pattern, fault) for pattern in self.expected)]

    async def leave(self) -> None:
        """Close everything."""
        for context in self._contexts:
            await context.close()


async def opened(browser: Browser, *, dark: bool = False, phone: bool = False, script: bool = True, zone: str = "UTC") -> BrowserContext:
    """A browser in a time zone, in the colours, on the screen, and with scripts or without."""
    context = await browser.new_context(
        viewport=PHONE if phone else DESKTOP,
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        locale="en-GB",
        timezone_id=zone,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE)
    return context
