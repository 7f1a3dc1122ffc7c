"""The table of `custom`: dimensions, then measures, then all together."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.tables.cells import NOTHING, Answer, value, words
from cli.tables.table import table

_ABREAST: Final = 5
"""Measures that have room beside three dimensions; the others follow below."""


def custom(answer: Answer, _: str) -> RenderableType:
    rows, measures = answer["rows"], list(answer["totals"])
    by = list(rows[0]["by"]) if rows else [""]
    title = f"custom: by {', '.join(by)}" if any(by) else "custom"
    parts = [measures[first : first + _ABREAST] for first in range(0, len(measures), _ABREAST)]
    left_out = Text(f"{len(rows):,} of {answer['groups']:,} rows\n" if answer["groups"] > len(rows) else "", style="dim", end="")
    return Group(*(_part("" if place else title, by, part, answer) for place, part in enumerate(parts)), left_out)


def _part(title: str, by: Sequence[str], measures: Sequence[str], answer: Answer) -> Table:
    drawn = table(title, by, [words(measure).replace(" ", "\n") for measure in measures])
    for row in answer["rows"]:
        labels = (NOTHING if row["by"][dimension] is None else row["by"][dimension] for dimension in by)
        drawn.add_row(*labels, *(value(row["values"][measure]) for measure in measures))
    if by:
        drawn.add_section()
        drawn.add_row("all", *[""] * (len(by) - 1), *(value(answer["totals"][measure]) for measure in measures), style="bold")
    return drawn
