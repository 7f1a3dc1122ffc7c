"""Distinct members of groups, with what is true of any of their occurrences, in one sort."""

from typing import Final

import numpy as np

from projections.reports.groups import Numbers, starts
from projections.rows import Column

BITS: Final = 16
"""How many bits an occurrence can carry."""
_OCCURRENCE: Final = np.uint16
_SPARSE: Final = 16
"""A table with so many places for each member takes as long as sorting them."""
_SEEN: Final = 1 << BITS


def distinct(groups: Column | None, members: Column, size: int, bits: Column) -> tuple[Numbers | None, Column]:
    """(groups, bits): for each distinct (group, member) its group, ascending, and the union of the bits over its occurrences.

    `members` are below `size`; without `groups` all is one group, and None is given back for them.
    One sort of packed integers is many times quicker than sorting positions; where there is one group of many members, a table of all of
    them is quicker still.
    """
    if groups is None and len(members) * _SPARSE > size:
        return None, _united(members, size, bits)
    packed = members.astype(np.int64)
    if groups is not None:
        packed += groups.astype(np.int64) * size
    packed = np.sort(packed << BITS | bits)
    keys = packed >> BITS
    first = starts(keys)
    united = np.bitwise_or.reduceat(packed, first) if len(first) else packed
    return None if groups is None else keys.take(first) // size, united.astype(_OCCURRENCE)


def _united(members: Column, size: int, bits: Column) -> Column:
    """For each member in order the union of its bits."""
    table = np.zeros(size, dtype=np.int32)
    marked = bits.astype(np.int32) | _SEEN
    table[members] = marked
    # Of several occurrences one has won; what it lacks is made good.
    lost = np.flatnonzero(table.take(members) & marked != marked)
    np.bitwise_or.at(table, members.take(lost), marked.take(lost))
    # Positions are three times quicker than truth values to choose by.
    return table.take(np.flatnonzero(table != 0)).astype(_OCCURRENCE)
