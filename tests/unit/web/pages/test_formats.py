"""Numbers and times are written as people read them; the examples of numbers hold for the modules in the browser, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from web.pages import formats

EXAMPLES: dict[str, list[tuple[Any, str]]] = json.loads(Path(__file__).with_name("formats.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("kind", "value", "text"), [(kind, *pair) for kind, pairs in EXAMPLES.items() for pair in pairs])
def test_numbers(kind: str, value: Any, text: str) -> None:
    assert getattr(formats, kind)(value) == text


@pytest.mark.parametrize(
    ("text", "zone", "written"),
    [
        ("2026-03-02T10:00:00Z", "UTC", "2 Mar 2026, 10:00"),
        ("2026-03-02T23:30:00.250Z", "Europe/Berlin", "3 Mar 2026, 00:30"),
        (None, "UTC", "–"),
    ],
)
def test_moments(text: str | None, zone: str, written: str) -> None:
    assert formats.moment(text, zone) == written
    assert formats.local_day(text, zone) == written.partition(",")[0]


def test_days() -> None:
    assert [formats.day("2026-12-31"), formats.day("2026-03"), formats.day(None)] == ["31 Dec 2026", "Mar 2026", "–"]
    assert formats.day("2026-03-02", year=False) == "2 Mar"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(None, "–"), (0, "0 s"), (0.25, "0.3 s"), (59, "59 s"), (60, "1 min"), (135, "2 min 15 s"), (3_600, "1 h"), (187_200, "2 d 4 h")],
)
def test_durations(seconds: float | None, written: str) -> None:
    assert formats.duration(seconds).replace("\u202f", " ") == written
