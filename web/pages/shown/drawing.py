"""A table, and what of it a chart shows."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple


class Cell(NamedTuple):
    """One cell of a table."""

    text: str
    value: str = ""
    """The number as a chart draws it; "" for none."""
    below: str = ""
    """What the number is made of, in small letters."""
    href: str | None = None
    why: str = ""
    """Why there is nothing."""


class Column(NamedTuple):
    """One column of a table, besides the first."""

    label: str
    is_number: bool = True
    colour: str | None = None
    """Of its line or its bars in the chart; None: the chart does not show it."""
    sort: str | None = None
    """What the report calls it when it is to be sorted by it; None where that cannot be."""


class Row(NamedTuple):
    """One row of a table."""

    key: str
    """Tells it from the other rows of the table."""
    label: str
    cells: list[Cell]
    short: str = ""
    """The label where there is little room."""
    href: str | None = None
    badge: str = ""

    @property
    def mark(self) -> str:
        """The key as a part of the id of an element: made of letters and digits, whatever the key is."""
        return sha256(self.key.encode(errors="surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A table, and a chart of its coloured columns unless `chart` is ""."""

    id: str
    title: str
    caption: str
    """What the numbers are, in a sentence."""
    head: str
    """What the rows are, on top of the first column."""
    columns: list[Column]
    rows: list[Row]
    chart: str
    """line, bars or stacked."""
    unit: str = "number"
    """What the chart's numbers are: number or percent."""
    csv: str | None = None
    """Where the table is as a file."""
    head_sort: str | None = None
    total: Row | None = None
    """Of everything, below the rows."""
    notes: list[str] = field(default_factory=list)
    """What has to be known besides."""
    open: bool = False
    """Whether the table is shown beside the chart from the start."""

    @property
    def series(self) -> list[tuple[str, str]]:
        """The legend: colour and label."""
        return [(column.colour, column.label) for column in self.columns if column.colour is not None]

    @property
    def is_charted(self) -> bool:
        return bool(self.chart and self.rows and self.series)
