"""How a report that is a list is shown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from web.pages.shown.asked import Asked
from web.pages.shown.fields import Field
from web.pages.shown.heads import Head


@dataclass(frozen=True, slots=True)
class Shape:
    """One table of a report."""

    title: str
    caption: str
    """`{zone}` in it is the time zone."""
    lines: str | Callable[[Any], Iterable[Any]]
    """Which list of the answer; or what makes one of the answer."""
    head: str
    """What a row is."""
    first: Callable[[Any, Asked], Head]
    fields: tuple[Field, ...]
    chart: str = ""
    head_sort: str | None = None
    total: str | None = None
    """Where in the answer all together are."""
    part: str = ""
    """Tells it from the other tables of the report."""
    sorted_by: str = ""
    """The chart shows the column that the report is sorted by; this says by what it is counted, such as "sequence"."""
    note: Callable[[Any], str] = lambda _answer: ""
    """What has to be known besides; "" for nothing."""
