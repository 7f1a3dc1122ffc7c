"""Differences between two copies of the tables, for people and for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from cli.console import printable

if TYPE_CHECKING:
    from rich.table import Table

    from projections.difference import Difference

SHOWN: Final = 50
"""Differences that people are shown; programs get all."""
_WHERE: Final = ("account", "contact", "sequence", "enrollment")

Sides = tuple[str, str]
"""What the two copies are called."""


def as_values(differences: Sequence["Difference"], sides: Sides) -> list[dict[str, Any]]:
    """Each difference as JSON has it."""
    return [
        {
            "table": one.table,
            **{name: getattr(one, name) for name in _WHERE},
            "partition": one.partition,
            "cell": one.cell,
            sides[0]: one.left,
            sides[1]: one.right,
        }
        for one in differences
    ]


def draw(differences: Sequence["Difference"], sides: Sides) -> "Table":
    """The first differences, a line each."""
    from rich import box
    from rich.table import Table

    title = f"{len(differences):,} differences"
    if len(differences) > SHOWN:
        title += f", the first {SHOWN} of them (all with --json)"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("table", *_WHERE, "cell", *sides):
        table.add_column(name, overflow="fold")
    for one in differences[:SHOWN]:
        where = (getattr(one, name) or "" for name in _WHERE)
        cell = one.cell if one.partition is None else f"{one.cell} (partition {one.partition})"
        table.add_row(*map(printable, (one.table, *where, cell, _value(one.left), _value(one.right))))
    return table


def draw_figures(figures: Mapping[str, str]) -> "Table":
    """What was compared, a line each."""
    from rich import box
    from rich.table import Table

    table = Table(show_header=False, box=box.SIMPLE)
    table.add_column()
    table.add_column(justify="right")
    for name, figure in figures.items():
        table.add_row(name, figure)
    return table


def _value(value: object) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
