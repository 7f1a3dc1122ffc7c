"""Days, weeks and months one after the other."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta


def between(found: Collection[str], period: str) -> Iterator[str]:
    """From the first to the last of those found, without holes. `period` is one of PERIODS; weeks are named by their first day."""
    if not found:
        return
    now, last = min(found), max(found)
    while now <= last:
        yield now
        now = _next(now, period)


def _next(label: str, period: str) -> str:
    if period == "month":
        year, month = int(label[:4]), int(label[5:])
        return f"{year + month // 12:04}-{month % 12 + 1:02}"
    return (date.fromisoformat(label) + timedelta(days=7 if period == "week" else 1)).isoformat()
