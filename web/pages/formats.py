"""How numbers and times are written for people. `static/format.js` writes numbers the same way."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo

NOTHING: Final = "–"
"""Stands where there is no value."""
_SPACE: Final = "\u202f"
"""Narrow, and never broken."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def number(value: int | None) -> str:
    """A count, its digits in groups of three."""
    return NOTHING if value is None else f"{value:,}".replace(",", _SPACE)


def percent(value: float | None) -> str:
    """A share with one decimal, halves rounded up."""
    # The product is that of JavaScript; only rounding differs there.
    return NOTHING if value is None else f"{_rounded(value * 100)}{_SPACE}%"


def decimal(value: float | None) -> str:
    """A number with one decimal, halves rounded up."""
    return NOTHING if value is None else str(_rounded(value))


def _rounded(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_UP)


def duration(seconds: float | None) -> str:
    """A length of time, in the one or two units that matter."""
    if seconds is None:
        return NOTHING
    whole = int(seconds)
    for unit, name, smaller, smaller_name in ((_DAY, "d", _HOUR, "h"), (_HOUR, "h", _MINUTE, "min"), (_MINUTE, "min", 1, "s")):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit}{_SPACE}{name}" + (f" {rest}{_SPACE}{smaller_name}" if rest else "")
    return f"{decimal(seconds) if seconds < 10 and seconds != whole else whole}{_SPACE}s"


def day(text: str | None, *, year: bool = True) -> str:
    """A date, given as YYYY-MM-DD or YYYY-MM."""
    if text is None:
        return NOTHING
    if len(text) == len("2026-03"):
        return f"{_MONTHS[int(text[5:]) - 1]} {text[:4]}"
    one = date.fromisoformat(text)
    return f"{one.day} {_MONTHS[one.month - 1]}" + (f" {one.year}" if year else "")


def moment(text: str | None, zone: str) -> str:
    """An instant, given as a report gives it, to the minute in the time zone, without naming the zone."""
    if text is None:
        return NOTHING
    local = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    return f"{day(local.date().isoformat())}, {local:%H:%M}"


def local_day(text: str | None, zone: str) -> str:
    """The date of an instant in the time zone."""
    return NOTHING if text is None else day(datetime.fromisoformat(text).astimezone(ZoneInfo(zone)).date().isoformat())


def today(zone: str) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
