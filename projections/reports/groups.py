"""Adding up by group."""

import numpy as np
import numpy.typing as npt

from projections.rows import Column

Numbers = npt.NDArray[np.int64]


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
            total = np.count_nonzero(values) if values.dtype == np.bool_ else values.sum(dtype=np.int64)
            return np.array([total], dtype=np.int64)
        added = np.zeros(self._size, dtype=np.int64)
        if len(values):
            added[self._present] = np.add.reduceat(values, self._starts, dtype=np.int64)
        return added


def starts(values: Column) -> Column:
    """The positions at which a new value begins."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
