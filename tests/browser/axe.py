"""What axe-core says against a page."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

_FILE: Final = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
_GRAVE: Final = ("serious", "critical")
COLOURS: Final = ("color-contrast", "link-in-text-block")
"""Rules that look at colours, and so at all that a colour scheme changes."""


async def violations(page: Page, rules: tuple[str, ...] = ()) -> list[str]:
    """Each serious or critical violation, as a line; of these rules, or of all."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']} ({violation['impact']}): {' '.join(node['target'])}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
    ]


@cache
def _source() -> str:
    return _FILE.read_text(encoding="utf-8")
