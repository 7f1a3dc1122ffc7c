"""Draws the answer of any report but that of one contact."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from projections.reports.sequences import SORT as SORT_SEQUENCES
from projections.reports.users import SORT as SORT_USERS
from web.pages.shown.asked import Asked
from web.pages.shown.counted import counted
from web.pages.shown.drawing import Drawing, Row
from web.pages.shown.fields import Field
from web.pages.shown.heads import Head
from web.pages.shown.histograms import histograms
from web.pages.shown.shape import Shape
from web.pages.shown.shapes import SHAPES

_OWN: Final[Mapping[str, Callable[[Asked, Any], list[Drawing]]]] = {"times": histograms, "custom": counted}
_SORTED_BY: Final[Mapping[str, str | None]] = {"sequences": SORT_SEQUENCES.default, "leaderboard": SORT_USERS.default}
"""What reports are sorted by unless they are asked otherwise."""
_SORTED: Final = "1"
"""The colour of the column that a report is sorted by."""


def drawings(asked: Asked, answer: Any) -> list[Drawing]:
    """The answer to a question as tables and charts."""
    own = _OWN.get(asked.report)
    return [_drawing(shape, asked, answer) for shape in SHAPES[asked.report]] if own is None else own(asked, answer)


def _drawing(shape: Shape, asked: Asked, answer: Any) -> Drawing:
    lines = shape.lines(answer) if callable(shape.lines) else getattr(answer, shape.lines)
    sort = asked.one("sort") or _SORTED_BY.get(asked.report)
    colours = [_SORTED if shape.sorted_by and field.sort == sort else field.colour for field in shape.fields]
    drawn = next((field.label for field, colour in zip(shape.fields, colours, strict=True) if colour is not None), "")
    return Drawing(
        id="-".join(filter(None, (asked.prefix, asked.report, shape.part))),
        title=f"{drawn} by {shape.sorted_by}" if shape.sorted_by and drawn else shape.title,
        caption=shape.caption.format(zone=asked.zone),
        head=shape.head,
        columns=[field.column(colour) for field, colour in zip(shape.fields, colours, strict=True)],
        rows=[row(shape.first(line, asked), shape.fields, line) for line in lines],
        chart=shape.chart,
        unit=_unit(shape.fields, colours),
        csv=asked.csv,
        head_sort=shape.head_sort,
        total=None if shape.total is None else row(Head("", "All together"), shape.fields, getattr(answer, shape.total)),
        notes=[note for note in (shape.note(answer),) if note],
    )


def row(head: Head, fields: Sequence[Field], line: Any) -> Row:
    return Row(head.key, head.label, [field.cell(line) for field in fields], head.short, head.href, head.badge)


def _unit(fields: Sequence[Field], colours: Sequence[str | None]) -> str:
    """That of the columns which the chart shows; they have the same."""
    return next((field.unit for field, colour in zip(fields, colours, strict=True) if colour is not None), "number")
