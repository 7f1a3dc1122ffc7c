"""The page of crashes speaks of every moment at which the tests kill, and of no other."""

import re

from projections.moments import Moment
from tests.unit.project.layout import ROOT


def test_every_moment_is_walked_through() -> None:
    page = (ROOT / "docs" / "crashes.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"(?m)^\| `([a-z-]+)` \|", page)) == sorted(Moment)
