"""The rows of an account as columns: what every filter and grouping is answered from."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from projections.dictionary import Dictionary
from projections.packed_chunks import PackedChunks
from projections.table_change import TableChange
from projections.tables.layout import CHUNK_ROWS, ROW
from projections.tables.parts import Chunk

Column = npt.NDArray[Any]
_Outdated = dict[Hashable, tuple[Column, tuple[TableChange, ...]]]
"""Columns, each with the changes since the table that it is of."""

_NAMED: Final = frozenset(("step", "enrolled_by", "team", "company", "variant"))
_OF_PARTITIONS: Final = _NAMED | {"contact"}
"""Fields that mean something else in each partition."""
_CHANGES: Final = 24
"""A column that so many tables in a row had no use for is made anew when it is asked for again."""
_DERIVED: Final = 8
"""Derived columns that a table keeps: those asked for last."""


class Table:
    """All rows of one account as of one instant; never changed once made. The rows of one sequence lie side by side.

    A column is made when it is first asked for, and kept. Ids in columns are codes of `names`.
    """

    def __init__(self, chunks: PackedChunks, names: Dictionary, contacts: Sequence[int], outdated: "_Outdated | None" = None) -> None:
        """`contacts` is for each partition the number of its contacts; `outdated`: columns of tables before this one."""
        self.names = names
        self.contacts = len(contacts) * max(contacts, default=0)
        """Numbers of contacts are below this."""
        self._partitions = len(contacts)
        self._chunks = chunks
        self._translation, self._translation_starts = names.translation()
        self._columns: dict[Hashable, Column] = {}
        self._outdated = outdated or {}

    def after(self, moved: Mapping[Chunk, bytes], contacts: Sequence[int]) -> "Table":
        """The table in which these chunks are new, or have other rows or more of them, but not fewer. It takes over the columns of this
        one, and makes only those values anew that may have changed."""
        before = self._chunks.with_places_for(moved)
        places = {before.order.index[chunk]: rows for chunk, rows in moved.items()}
        after = before.with_rows(places)
        change = TableChange(before, after, sorted(places))
        # In this order: a column that another thread is just bringing up to date may be in both, and is then taken from the second.
        outdated = {key: (column, (*changes, change)) for key, (column, changes) in self._outdated.copy().items()}
        outdated |= {key: (column, (change,)) for key, column in self._columns.copy().items()}
        return Table(after, self.names, contacts, {key: kept for key, kept in outdated.items() if len(kept[1]) <= _CHANGES})

    @property
    def sequences(self) -> list[str]:
        """Ids by code point; the column `sequence` holds positions in this list."""
        return self._chunks.order.sequences

    @property
    def nbytes(self) -> int:
        """Bytes of the rows and of the columns made so far."""
        return len(self) * ROW.itemsize + sum(column.nbytes for column in self._columns.copy().values())

    def __len__(self) -> int:
        return int(self._chunks.starts[-1])

    def rows(self, sequence: str | None = None) -> "Rows":
        """All rows, or those of one sequence (none if it has none)."""
        if sequence is None:
            return Rows(self, slice(0, len(self)))
        chunks = self._chunks.order.windows.get(sequence, slice(0, 0))
        return Rows(self, slice(int(self._chunks.starts[chunks.start]), int(self._chunks.starts[chunks.stop])))

    def column(self, name: str) -> Column:
        """As `Rows.column`, of all rows."""
        if name == "sequence":
            return self._sequence
        return self._kept(name, lambda: self._made(name), lambda change: self._values(name, change.column(name), change.partitions))

    def derived(self, name: str, of: str, make: Callable[[Column], Column]) -> Column:
        """As `Rows.derived`, of all rows."""
        key = (name, of)
        column = self._kept(key, lambda: make(self.column(of)), lambda change: make(self._values(of, change.column(of), change.partitions)))
        derived = [known for known in self._columns.copy() if isinstance(known, tuple) and known != key]
        if len(derived) >= _DERIVED:
            self._columns.pop(derived[0], None)
        return column

    def ordinals(self, contacts: Column) -> tuple[Column, Column]:
        """(partitions, ordinals of the contacts within them) behind account-wide numbers of contacts."""
        ordinals, partitions = np.divmod(contacts, self._partitions)
        return partitions, ordinals

    def start(self, sequence: str, partition: int, number: int) -> int | None:
        """Where the rows of a chunk begin; None if there is no such chunk."""
        place = self._chunks.order.index.get((sequence, partition, number))
        return None if place is None else self._edges[place]

    def chunks(self, span: slice) -> dict[Chunk, int]:
        """The chunks of a stretch that begins and ends with a chunk, in order, with their numbers of rows."""
        first, last = np.searchsorted(self._chunks.starts, (span.start, span.stop)).tolist()
        return dict(zip(self._chunks.order.chunks[first:last], self._chunks.sizes[first:last].tolist(), strict=True))

    def address(self, positions: Column) -> tuple[Column, Column]:
        """As `Rows.address`, of all rows."""
        places = np.searchsorted(self._chunks.starts, positions, side="right") - 1
        return self._chunks.order.partitions.take(places), self._chunks.order.first_rows.take(
            places
        ) + positions - self._chunks.starts.take(places)

    @cached_property
    def _edges(self) -> list[int]:
        edges: list[int] = self._chunks.starts.tolist()
        return edges

    @cached_property
    def _sequence(self) -> Column:
        windows = self._chunks.order.windows.values()
        edges = self._chunks.starts.take([window.start for window in windows] + [len(self._chunks.sizes)])
        return np.repeat(np.arange(len(windows), dtype=np.int32), np.diff(edges))

    def _kept(self, key: Hashable, anew: Callable[[], Column], changed: Callable[[TableChange], Column]) -> Column:
        column = self._columns.get(key)
        if column is None:
            # Another thread may be at the same: both make the same then.
            outdated = self._outdated.pop(key, None)
            if outdated is None:
                column = anew()
            else:
                column, changes = outdated
                for change in changes:
                    column = change.applied(column, changed(change))
            self._columns[key] = column
        return column

    def _made(self, name: str) -> Column:
        column = np.concatenate([np.zeros(0, ROW[name]), *(np.frombuffer(packed, ROW)[name] for packed in self._chunks.packed)])
        return (
            self._values(name, column, np.repeat(self._chunks.order.partitions, self._chunks.sizes)) if name in _OF_PARTITIONS else column
        )

    def _values(self, name: str, column: Column, partitions: Column) -> Column:
        """A field of rows, which are of these partitions, as it is in columns."""
        if name in _NAMED:
            return self._translation.take(column + self._translation_starts.take(partitions))
        # Numbers of contacts interleave the partitions, so that none changes when a partition gets more of them.
        return column * np.int64(self._partitions) + partitions if name == "contact" else column


class Rows:
    """A stretch of a table: all its rows, or those of one sequence."""

    __slots__ = ("_span", "table")

    def __init__(self, table: Table, span: slice) -> None:
        self.table = table
        self._span = span

    def __len__(self) -> int:
        return int(self._span.stop - self._span.start)

    def column(self, name: str) -> Column:
        """A field of layout.ROW, or `sequence`. Ids are account-wide codes (0 = null), and contacts are numbered account-wide."""
        return self.table.column(name)[self._span]

    def derived(self, name: str, of: str, make: Callable[[Column], Column]) -> Column:
        """A column that `make` makes of another one, value by value; kept with the table under `name` as the others are."""
        return self.table.derived(name, of, make)[self._span]

    def position(self, partition: int, sequence: str, row: int) -> int | None:
        """Where a row of the tables lies within this stretch; None if it is not in it."""
        start = self.table.start(sequence, partition, row // CHUNK_ROWS)
        if start is None or not self._span.start <= start < self._span.stop:
            return None
        return int(start - self._span.start) + row % CHUNK_ROWS

    @property
    def start(self) -> int:
        """Where in the whole table this stretch begins."""
        return int(self._span.start)

    def window(self, positions: Column) -> slice:
        """Where among ascending positions of the whole table those lie that fall into this stretch."""
        return slice(*np.searchsorted(positions, (self._span.start, self._span.stop)).tolist())

    def among(self, positions: Column) -> Column:
        """Those of some ascending positions of the whole table that fall into this stretch, as positions in it."""
        found: Column = positions[self.window(positions)] - self.start
        return found

    def address(self, positions: Column) -> tuple[Column, Column]:
        """(partitions, row numbers within (sequence, partition)) of the rows at these positions; the inverse of `position`."""
        return self.table.address(positions + self._span.start)

    def chunks(self) -> dict[Chunk, int]:
        """The chunks of this stretch, in order, with their numbers of rows."""
        return self.table.chunks(self._span)
