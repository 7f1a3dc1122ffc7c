"""What stands in a cell: numbers, shares, times and bars as people read them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.text import Text

Answer = Mapping[str, Any]
"""A report, as its JSON has it."""

NOTHING: Final = "–"
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_HEIGHTS: Final = "▁▂▃▄▅▆▇█"
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"


def percent(rate: Answer) -> str:
    """A rate; 0/0 is a dash."""
    return NOTHING if rate["value"] is None else f"{rate['value']:.1%}"


def value(measured: int | Answer) -> str:
    """A number, or a rate."""
    return f"{measured:,}" if isinstance(measured, int) else percent(measured)


def words(name: str) -> str:
    """A name of the JSON in words."""
    return name.replace("_", " ")


def label(name: str | None, id_: str | None) -> str:
    """What people call something; its id, where nobody has named it."""
    return name or id_ or NOTHING


def local_minute(text: str | None, zone: str) -> str:
    """A time of the JSON on the clock of the zone."""
    return NOTHING if text is None else f"{datetime.fromisoformat(text).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def local_day(text: str | None, zone: str) -> str:
    """Its date there."""
    return local_minute(text, zone).partition(" ")[0]


def duration(seconds: float | None) -> str:
    """How long, in its two greatest units."""
    if seconds is None:
        return NOTHING
    rest = round(seconds)
    for place, (unit, size) in enumerate(_UNITS):
        count, rest = divmod(rest, size)
        if count:
            finer, its_size = _UNITS[place + 1] if size > 1 else ("", 1)
            return f"{count} {unit}" + (f" {rest // its_size} {finer}" if rest // its_size else "")
    return "0 s"


def bar(share: float | None, width: int) -> Text:
    """A bar that is full at 1."""
    full, part = divmod(round((share or 0) * width * 8), 8)
    return Text("█" * full + (_EIGHTHS[part] if part else ""), style="cyan")


def bars(counts: Sequence[int]) -> Text:
    """One small bar for each count, the greatest full, none for zero."""
    most = max(counts, default=0)
    return Text("".join(_HEIGHTS[-(-count * len(_HEIGHTS) // most) - 1] if count else "·" for count in counts), style="cyan")
