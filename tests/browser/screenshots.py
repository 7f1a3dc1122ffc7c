"""Pictures of every page with the numbers of a simulated company, to look at: `python -m tests.browser.screenshots FOLDER`.

--contacts: how many people the company writes to. Each page comes in light, in dark and as a phone shows it; --parts: as much as a tall
window shows, instead of the whole page, which is what docs/pictures/ has some of.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from time import time
from typing import Any, Final

from playwright.async_api import Browser, async_playwright

from bench.browser import ARGUMENTS, program
from cli.demo.company import Company
from tests.browser.places import PLACES
from tests.browser.served import Served
from tests.browser.visitor import DESKTOP, PHONE, opened

_TALL: Final = 960
WAYS: Final[dict[str, dict[str, Any]]] = {"light": {}, "dark": {"dark": True}, "phone": {"phone": True}}


async def pictures(folder: Path, contacts: int, whole: bool) -> None:
    executable = program()
    if executable is None:
        sys.exit("there is no browser")
    with tempfile.TemporaryDirectory(prefix="tally-") as kept:
        served = Served(Path(kept))
        try:
            await served.start()
            await served.publish(list(Company(1, contacts, until=int(time() * 1000)).history()))
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
                for way, ways in WAYS.items():
                    await _of_all(browser, served, folder, way, ways, whole=whole)
                await browser.close()
        finally:
            served.stop()


async def _of_all(browser: Browser, served: Served, folder: Path, way: str, ways: dict[str, Any], *, whole: bool) -> None:
    context = await opened(browser, **ways)
    page = await context.new_page()
    if not whole:
        width = PHONE["width"] if "phone" in ways else DESKTOP["width"]
        await page.set_viewport_size({"width": width, "height": _TALL})
    for place in PLACES:
        await page.goto(served.address + place.path)
        await page.wait_for_timeout(300)  # charts are drawn
        name = str(place).strip("/").replace("/", "-").replace(" ", "-")
        await page.screenshot(path=folder / f"{name}.{way}.png", full_page=whole)
        print(f"{name}.{way}.png")
    await context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of every page, to look at.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contacts", type=int, default=1500)
    parser.add_argument("--parts", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(pictures(given.folder, given.contacts, not given.parts))


if __name__ == "__main__":
    main()
