"""Distinct members of groups, with what is true of any of their occurrences, in one sort."""

from typing import Final

import numpy as np

from projections.reports.groups import Numbers, starts
from projections.rows import Column

BITS: Final = 16
"""How many bits an occurrence can carry."""


def distinct(groups: Column | None, members: Column, size: int, bits: Column) -> tuple[Numbers | None, Numbers]:
    """(groups, bits): for each distinct (group, member) its group, ascending, and the union of the bits over its occurrences.

    `members` are below `size`; without `groups` all is one group, and None is given back for them.
    One sort of packed integers is many times quicker than sorting positions.
    """
    packed = members.astype(np.int64)
    if groups is not None:
        packed += groups.astype(np.int64) * size
    packed = np.sort(packed << BITS | bits)
    keys = packed >> BITS
    first = starts(keys)
    united = np.bitwise_or.reduceat(packed, first) & ((1 << BITS) - 1) if len(first) else packed
    return None if groups is None else keys.take(first) // size, united
