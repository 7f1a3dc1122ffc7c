"""The rows of an account as columns: what every filter and grouping is answered from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from projections.dictionary import Dictionary
from projections.tables.layout import CHUNK_ROWS, ROW
from projections.tables.parts import Chunk

Column = npt.NDArray[Any]

_NAMED: Final = frozenset(("step", "enrolled_by", "team", "company", "variant"))


class Table:
    """All rows of one account as of one instant; never changed once made. The rows of one sequence lie side by side.

    A column is made when it is first asked for, and kept. Ids in columns are codes of `names`.
    """

    def __init__(self, chunks: Mapping[Chunk, bytes | memoryview], names: Dictionary, contacts: Sequence[int]) -> None:
        """`chunks` sorted; `contacts` is for each partition the number of its contacts. Raises ValueError for a chunk of broken records."""
        self.buffer = b"".join(chunks.values())
        self.names = names
        self.contacts = sum(contacts)
        """Numbers of contacts are below this."""
        self.sequences: list[str] = []
        """Ids by code point; the column `sequence` holds positions in this list."""
        self.spans: dict[Chunk, slice] = {}
        """Chunk -> its rows."""
        self._records = np.frombuffer(self.buffer, ROW)
        self._contacts = np.cumsum([0, *contacts], dtype=np.int64)
        self._translation, self._translation_starts = names.translation()
        self._windows: dict[str, slice] = {}
        self._columns: dict[str, Column] = {}
        end = 0
        for chunk, held in chunks.items():
            start, end = end, end + len(held) // ROW.itemsize
            self.spans[chunk] = slice(start, end)
            window = self._windows.get(chunk.sequence)
            if window is None:
                self.sequences.append(chunk.sequence)
            self._windows[chunk.sequence] = slice(start if window is None else window.start, end)

    def __len__(self) -> int:
        return len(self._records)

    def rows(self, sequence: str | None = None) -> "Rows":
        """All rows, or those of one sequence (none if it has none)."""
        return Rows(self, slice(0, len(self)) if sequence is None else self._windows.get(sequence, slice(0, 0)))

    def column(self, name: str) -> Column:
        """As `Rows.column`, of all rows."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._make(name)
        return column

    def ordinals(self, contacts: Column) -> tuple[Column, Column]:
        """(partitions, ordinals of the contacts within them) behind account-wide numbers of contacts."""
        partitions = np.searchsorted(self._contacts, contacts, side="right") - 1
        return partitions, contacts - self._contacts.take(partitions)

    def _make(self, name: str) -> Column:
        if name == "sequence":
            windows = list(self._windows.values())
            return np.repeat(np.arange(len(windows), dtype=np.int64), [window.stop - window.start for window in windows])
        column = np.ascontiguousarray(self._records[name])
        if name in _NAMED:
            return self._translation.take(column + self._by_chunk(self._translation_starts))
        return column + self._by_chunk(self._contacts) if name == "contact" else column

    def _by_chunk(self, of_partition: Column) -> Column:
        """For each row the number that belongs to its partition."""
        partitions = np.array([chunk.partition for chunk in self.spans], dtype=np.int64)
        return np.repeat(of_partition.take(partitions), [span.stop - span.start for span in self.spans.values()])


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

    def position(self, partition: int, sequence: str, row: int) -> int | None:
        """Where a row of the tables lies within this stretch; None if it is not in it."""
        span = self.table.spans.get(Chunk(sequence, partition, row // CHUNK_ROWS))
        if span is None or not self._span.start <= span.start < self._span.stop:
            return None
        return int(span.start - self._span.start) + row % CHUNK_ROWS

    def address(self, positions: Column) -> tuple[Column, Column]:
        """(partitions, row numbers within (sequence, partition)) of the rows at these positions; the inverse of `position`."""
        spans = [(chunk.partition, chunk.number, span.start) for chunk, span in self.table.spans.items()]
        partitions, numbers, starts = np.array(spans, dtype=np.int64).reshape(-1, 3).T
        absolute = positions + self._span.start
        chunk = np.searchsorted(starts, absolute, side="right") - 1
        return partitions.take(chunk), numbers.take(chunk) * CHUNK_ROWS + absolute - starts.take(chunk)

    def chunks(self) -> dict[Chunk, int]:
        """The chunks of this stretch, in order, with their numbers of rows."""
        start, end = self._span.start, self._span.stop
        return {chunk: span.stop - span.start for chunk, span in self.table.spans.items() if start <= span.start and span.stop <= end}
