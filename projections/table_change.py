"""What is different between two tables that follow each other: the rows that are new or other, and how columns are brought along."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from projections.packed_chunks import PackedChunks
from projections.tables.layout import ROW

Column = npt.NDArray[Any]


class TableChange:
    """From one table to the next. Chunks keep their rows and may get more behind them."""

    def __init__(self, before: PackedChunks, after: PackedChunks, places: Sequence[int]) -> None:
        """Both have the same order, and differ at `places`, ascending, at most."""
        added = after.sizes - before.sizes
        grown = np.flatnonzero(added)
        self._size = int(after.starts[-1])
        self._ends = before.starts.take(grown + 1).tolist()
        """Where rows were put in: behind these many old ones, one after the other ..."""
        self._added = added.take(grown).tolist()
        """... so many."""
        rows: list[bytes] = []
        positions: list[int] = []
        counts: list[int] = []
        for place, start in zip(places, after.starts.take(places).tolist(), strict=True):
            numbers = _other_rows(before.packed[place], after.packed[place])
            rows += (after.packed[place][number * ROW.itemsize : (number + 1) * ROW.itemsize] for number in numbers)
            positions += (start + number for number in numbers)
            counts.append(len(numbers))
        self.positions: npt.NDArray[np.intp] = np.array(positions, dtype=np.intp)
        """Where, in the later table, the rows lie that are new or other, ascending."""
        self.partitions: npt.NDArray[np.int64] = np.repeat(after.order.partitions.take(places), counts)
        """Of each of these rows."""
        self._rows = np.frombuffer(b"".join(rows), ROW)

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


def _other_rows(before: bytes, after: bytes) -> list[int]:
    """The numbers of the rows of a chunk that are not what they were, or were not there. Comparing bytes is quicker than records."""
    apart = np.flatnonzero(np.frombuffer(after, np.uint8, len(before)) != np.frombuffer(before, np.uint8)) // ROW.itemsize
    return [*dict.fromkeys(apart.tolist()), *range(len(before) // ROW.itemsize, len(after) // ROW.itemsize)]
