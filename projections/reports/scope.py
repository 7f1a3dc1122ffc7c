"""Which enrollments a report speaks of."""

from dataclasses import dataclass, replace

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

    def column(self, name: str) -> Column:
        """A column (as `Rows.column`) of the started enrollments."""
        return self.rows.column(name).take(self.started)

    def narrowed(self, kept: npt.NDArray[np.bool_]) -> "Scope":
        """Only those of the started enrollments that are kept."""
        return replace(self, started=self.started[kept])
