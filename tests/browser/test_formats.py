"""Numbers that scripts write look like those that the server writes."""

import json
from pathlib import Path

import pytest

from tests.browser.served import Served
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = json.loads((Path(__file__).parents[1] / "unit/web/pages/formats.json").read_text(encoding="utf-8"))
_WRITTEN = """async (examples) => {
  const { FORMATS } = await import(new URL("format.js", document.querySelector("script[src$='/live.js']").src));
  return Object.entries(examples).map(([kind, pairs]) => [kind, pairs.map(([value]) => [value, FORMATS[kind](value)])]);
}"""


async def test_format_js_writes_as_formats_py_does(visitor: Visitor, company: Served) -> None:
    page = await visitor.open(company, "/sequences")
    assert dict(await page.evaluate(_WRITTEN, EXAMPLES)) == EXAMPLES
