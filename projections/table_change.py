"""What is different between two tables that follow each other: the rows that are new or other, and how columns are brought along."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from projections.chunk_order import ChunkOrder
from projections.tables.layout import ROW

Column = npt.NDArray[Any]


class TableChange:
    """From one table to the next. Chunks keep their rows and may get more behind them."""

    def __init__(self, order: ChunkOrder, before: Sequence[bytes], after: Sequence[bytes], places: Sequence[int]) -> None:
        """`before` and `after`: the bytes of each chunk in `order`; they differ at `places` at most. Raises ValueError for a chunk that
        has lost rows."""
        old_sizes, sizes = (np.array([len(packed) for packed in side], dtype=np.int64) // ROW.itemsize for side in (before, after))
        if np.any(sizes < old_sizes):
            raise ValueError("a chunk has lost rows")
        grown = np.flatnonzero(sizes > old_sizes)
        self._size = int(sizes.sum())
        self._ends = np.cumsum(old_sizes).take(grown).tolist()
        """Where rows were put in: behind these many old ones, one after the other ..."""
        self._added = (sizes - old_sizes).take(grown).tolist()
        """... so many."""
        rows = b"".join(after[place] for place in places)
        old_rows = b"".join(before[place].ljust(len(after[place]), b"\0") for place in places)
        # Comparing plain bytes is several times quicker than comparing records.
        other = np.zeros(len(rows) // ROW.itemsize, dtype=np.bool_)
        other[np.flatnonzero(np.frombuffer(rows, np.uint8) != np.frombuffer(old_rows, np.uint8)) // ROW.itemsize] = True
        moved_sizes = sizes.take(places)
        ends = np.cumsum(moved_sizes)
        for end, added in zip(ends.tolist(), (moved_sizes - old_sizes.take(places)).tolist(), strict=True):
            other[end - added : end] = True
        kept = np.flatnonzero(other)
        shifts = np.concatenate(([0], np.cumsum(sizes)))[:-1].take(places) - (ends - moved_sizes)
        self.positions: npt.NDArray[np.intp] = kept + np.repeat(shifts, moved_sizes).take(kept)
        """Where, in the later table, the rows lie that are new or other, ascending."""
        self.partitions: npt.NDArray[np.int64] = np.repeat(order.partitions.take(places), moved_sizes).take(kept)
        """Of each of these rows."""
        self._rows = np.frombuffer(rows, ROW).take(kept)

    def column(self, name: str) -> Column:
        """A field of these rows."""
        return self._rows[name]

    def applied(self, column: Column, values: Column) -> Column:
        """A column of the earlier table as one of the later: `values` at `positions`, everything else taken over. The column itself stays
        as it is, for others may be reading it; it is given back where nothing has changed in it."""
        if not self._added:
            if np.array_equal(column.take(self.positions), values):
                return column
            made = column.copy()
        else:
            made = np.empty(self._size, column.dtype)
            start = shift = 0
            for end, added in zip(self._ends, self._added, strict=True):
                made[start + shift : end + shift] = column[start:end]
                start, shift = end, shift + added
            made[start + shift :] = column[start:]
        made[self.positions] = values
        return made
