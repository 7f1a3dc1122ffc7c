"""Adding up by group."""

from typing import Final

import numpy as np
import numpy.typing as npt

from projections.rows import Column

Numbers = npt.NDArray[np.int64]

_BLOCK: Final = 1 << 16
"""So many values of two bytes add up to less than 2^32."""


class Groups:
    """Which group each of some values belongs to. A sum is one pass over neighbours: ten times quicker than adding to scattered places."""

    def __init__(self, sorted_groups: Column | None, size: int) -> None:
        """`sorted_groups`: for each value a number below `size`, ascending; None if there is one group of everything."""
        self._size = size
        self._starts: Column | None = None
        if sorted_groups is not None:
            self._starts = starts(sorted_groups)
            self._present = sorted_groups.take(self._starts)

    def add(self, values: Column) -> Numbers:
        """For each group the sum of its values; of truth values, how many are true."""
        if self._starts is None:
            return np.array([np.count_nonzero(values) if values.dtype == np.bool_ else total(values)], dtype=np.int64)
        added = np.zeros(self._size, dtype=np.int64)
        if len(values):
            added[self._present] = np.add.reduceat(values, self._starts, dtype=np.int64)
        return added


def total(values: Column) -> int:
    """The sum of values. Unsigned ones of two bytes or less are added up in four, as many as these hold: twice as quick as in eight."""
    if values.dtype.kind != "u" or values.dtype.itemsize > 2:
        return int(np.add.reduce(values, dtype=np.int64))
    if len(values) > _BLOCK:
        return total(values[:_BLOCK]) + total(values[_BLOCK:])
    return int(np.add.reduce(values, dtype=np.uint32))


def starts(values: Column) -> Column:
    """The positions at which a new value begins."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
