"""Which enrollments a report speaks of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from projections.rows import Column, Rows


@dataclass(frozen=True, slots=True)
class Scope:
    """The enrollments among some rows that pass the filters."""

    rows: Rows
    named: Column
    """For each row whether it passes the filters that enrollments which are not started obey too."""
    started: npt.NDArray[np.intp]
    """The positions of the started enrollments that pass all filters, ascending."""
