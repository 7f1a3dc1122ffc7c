"""The report `custom`: a table of whatever was asked for, and a chart where one of its dimensions can be an axis."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from projections.reports.custom import BY, MEASURE
from projections.reports.dimensions import PERIODS
from projections.reports.parameters import listed
from web.pages import formats
from web.pages.shown import places
from web.pages.shown.asked import Asked
from web.pages.shown.drawing import Cell, Column, Drawing, Row
from web.pages.shown.fields import share
from web.pages.shown.periods import between
from web.pages.shown.words import DIMENSIONS, MEASURES

COLOURS: Final = ("1", "2", "3", "4", "5", "6", "7")
"""Of lines and bars, in this order."""


class _Wish(NamedTuple):
    """What was asked for."""

    asked: Asked
    measures: Sequence[str]
    by: Sequence[str]
    drawn: str
    """The measure that a chart shows first."""

    @property
    def period(self) -> str | None:
        """The dimension that is a time."""
        return next((name for name in self.by if name in PERIODS), None)

    @property
    def title(self) -> str:
        first, *others = [MEASURES[name] for name in self.measures[:3]]
        measures = ", ".join((first, *(other[:1].lower() + other[1:] for other in others))) + (" …" if len(self.measures) > 3 else "")
        return measures + (f" by {' and '.join(DIMENSIONS[name].lower() for name in self.by)}" if self.by else "")

    def alike(self) -> dict[str, str]:
        """The measures that can be in one chart with the first, each with its colour."""
        alike = [name for name in self.measures if _is_rate(name) == _is_rate(self.drawn)]
        return dict(zip(sorted(alike, key=lambda name: name != self.drawn), COLOURS, strict=False))

    @property
    def unit(self) -> str:
        return "percent" if _is_rate(self.drawn) else "number"

    def id(self, part: str = "") -> str:
        return "-".join(filter(None, (self.asked.prefix, "custom", part)))


def counted(asked: Asked, answer: Any) -> list[Drawing]:
    measures, by = listed(asked.given, MEASURE), listed(asked.given, BY)
    sort = asked.one("sort")
    wish = _Wish(asked, measures, by, sort if sort in measures else measures[0])
    if wish.period is None:
        return [_table(wish, answer, chart="bars" if len(by) == 1 else "")]
    if answer.groups > len(answer.rows):
        note = f"The chart needs all {formats.number(answer.groups)} rows; let the limit be as high as that."
        return [_table(wish, answer, notes=[note])]
    if len(by) > 1:
        return [_lines(wish, answer), _table(wish, answer)]
    in_time = _in_time(wish, answer)
    return [in_time] if sort in (None, wish.period) else [in_time, _table(wish, answer)]


def _table(wish: _Wish, answer: Any, chart: str = "", notes: Sequence[str] = ()) -> Drawing:
    """The answer as it is."""
    first, *others = wish.by or ("",)
    colours = wish.alike() if chart else {}
    return Drawing(
        id=wish.id("rows" if wish.period else ""),
        title=wish.title,
        caption=_caption(answer),
        head=DIMENSIONS.get(first, "Enrollments"),
        columns=[*(Column(DIMENSIONS[name], is_number=False, sort=name) for name in others), *_columns(wish, colours)],
        rows=[_row(wish, others, row) for row in answer.rows],
        chart=chart,
        unit=wish.unit,
        csv=wish.asked.csv,
        head_sort=first or None,
        total=Row("", "All together", [*(Cell("") for _ in others), *_cells(wish, answer.totals)]) if wish.by else None,
        notes=list(notes),
        open=True,
    )


def _row(wish: _Wish, others: Sequence[str], row: Any) -> Row:
    labels = [places.label(name, row.by[name], wish.asked) for name in wish.by]
    texts = [Cell(text, href=places.href(name, row.by[name], wish.asked)) for name, text in zip(others, labels[1:], strict=True)]
    if not wish.by:
        return Row("", "All together", _cells(wish, row.values))
    first = wish.by[0]
    short, href = places.short(first, row.by[first], wish.asked), places.href(first, row.by[first], wish.asked)
    return Row(_key(row.by.values()), labels[0], [*texts, *_cells(wish, row.values)], short, href)


def _in_time(wish: _Wish, answer: Any) -> Drawing:
    """A line for each measure, over a time that has no holes; where nothing started there is nothing."""
    period = wish.by[0]
    found = {row.by[period]: row.values for row in answer.rows}
    rows = []
    for time in between(found, period):
        cells = _cells(wish, found[time]) if time in found else [_nothing(name) for name in wish.measures]
        label, short = places.label(period, time, wish.asked), places.short(period, time, wish.asked)
        rows.append(Row(time, label, cells, short, places.href(period, time, wish.asked)))
    return Drawing(
        id=wish.id(),
        title=wish.title,
        caption=f"{_caption(answer)}; by the day of the start ({answer.time_zone})",
        head=DIMENSIONS[period],
        columns=_columns(wish, wish.alike(), sorts=False),
        rows=rows,
        chart="line",
        unit=wish.unit,
        csv=wish.asked.csv,
        total=Row("", "All together", _cells(wish, answer.totals)),
        open=True,
    )


def _lines(wish: _Wish, answer: Any) -> Drawing:
    """A line for each of the first values of the other dimensions."""
    period, measure = wish.period, wish.drawn
    assert period is not None, "one of the dimensions is a time"
    others = [name for name in wish.by if name != period]
    found: dict[str, dict[str, Any]] = {}
    for row in answer.rows:
        name = " · ".join(places.label(other, row.by[other], wish.asked) for other in others)
        found.setdefault(name, {})[row.by[period]] = row.values[measure]
    drawn = dict(zip(found, COLOURS, strict=False))
    rows = []
    for time in between({row.by[period] for row in answer.rows}, period):
        cells = [_cell(found[name][time]) if time in found[name] else _nothing(measure) for name in drawn]
        label, short = places.label(period, time, wish.asked), places.short(period, time, wish.asked)
        rows.append(Row(time, label, cells, short, places.href(period, time, wish.asked)))
    words = " and ".join(DIMENSIONS[other].lower() for other in others)
    some = f" for the {len(drawn)} of {len(found)} that come first below" if len(found) > len(drawn) else ""
    return Drawing(
        id=wish.id(),
        title=f"{MEASURES[measure]} by {words}",
        caption=f"By the {period} of the start ({answer.time_zone}){some}",
        head=DIMENSIONS[period],
        columns=[Column(name, colour=colour) for name, colour in drawn.items()],
        rows=rows,
        chart="line",
        unit=wish.unit,
        csv=wish.asked.csv,
    )


def _caption(answer: Any) -> str:
    shown = f"{formats.number(len(answer.rows))} of {formats.number(answer.groups)} rows"
    return f"In {answer.basis}" if len(answer.rows) == answer.groups else f"In {answer.basis}; {shown}"


def _columns(wish: _Wish, colours: Mapping[str, str], *, sorts: bool = True) -> list[Column]:
    return [Column(MEASURES[name], colour=colours.get(name), sort=name if sorts else None) for name in wish.measures]


def _cells(wish: _Wish, values: Mapping[str, Any]) -> list[Cell]:
    return [_cell(values[name]) for name in wish.measures]


def _cell(value: Any) -> Cell:
    return Cell(formats.number(value), value=str(value)) if isinstance(value, int) else share(value)


def _nothing(measure: str) -> Cell:
    """Of a time in which nothing started."""
    return Cell(formats.NOTHING, why="nothing started then") if _is_rate(measure) else Cell(formats.number(0), value="0")


def _is_rate(measure: str) -> bool:
    return measure.endswith("_rate")


def _key(labels: Any) -> str:
    return json.dumps(list(labels))
