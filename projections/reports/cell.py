"""A cell of the report `steps`, and the enrollments behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from projections import meaning
from projections.meaning import STEP_FACTS
from projections.reports import parameters
from projections.reports.errors import ParameterError
from projections.reports.parameters import Opens, Parameter
from projections.reports.rates import flag
from projections.reports.request import Query
from projections.rows import Column, Rows

_NO_STEP: Final = "no_step"
_ENROLLMENTS_OF: Final = {"executed": "executed", "skipped": "skipped"}
_CONTACTS_OF: Final = {"open": "opened", "click": "clicked", "reply": "replied", "meeting": "met", "bounce": "bounced"}
"""Those that count only for a contact that executed the step."""
_FACTS: Final = _ENROLLMENTS_OF | _CONTACTS_OF

CELL: Final = Parameter("cell", f"Enrollments behind a cell of steps: {_NO_STEP}, or {', '.join(_FACTS)} followed by :STEP.")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the steps of one sequence; `step` is "" for the enrollments that have not reached a step."""

    sequence: str
    kind: str
    step: str

    @classmethod
    def read(cls, query: Query) -> "Cell | None":
        """The cell that was asked for, if any. Raises `ParameterError`."""
        text = parameters.single(query.given, CELL.name)
        if text is None:
            return None
        kind, _, step = text.partition(":")
        if text != _NO_STEP and (kind not in _FACTS or not step):
            allowed = ", ".join((_NO_STEP, *(f"{known}:STEP" for known in _FACTS)))
            raise ParameterError(CELL.name, f"{text!r} is not allowed; choose one of {allowed}")
        if step:
            parameters.check_id(CELL.name, step)
        if len(query.filters.sequence) != 1:
            raise ParameterError(CELL.name, f"is of one sequence; name it with one `sequence`, not {len(query.filters.sequence)}")
        return cls(query.filters.sequence[0], kind, step)

    def behind(self, rows: Rows, positions: Column, cells: Mapping[str, Column], opens: Opens) -> Column:
        """Those of the positions that the cell counts (or whose contacts it counts), if they were all there is.

        `rows` are those of the sequence, `cells` step -> its layout.STEP_CELL, one for each of the rows.
        """
        positions = np.extract(rows.column("status").take(positions) >= meaning.FIRST_STARTED, positions)
        return np.extract(self._kept(rows, positions, cells, opens), positions)

    def _kept(self, rows: Rows, positions: Column, cells: Mapping[str, Column], opens: Opens) -> Column:
        """For each of the positions whether it is behind the cell."""
        if self.kind == _NO_STEP:
            return np.equal(rows.column("step").take(positions), 0)
        of_step = cells.get(self.step)
        if of_step is None:
            return np.zeros(len(positions), dtype=np.bool_)
        facts = of_step["facts"].take(positions)
        kept: Column = facts & 1 << STEP_FACTS.index(flag(_FACTS[self.kind], opens)) != 0
        if self.kind in _CONTACTS_OF:
            contacts = rows.column("contact").take(positions)
            executed = np.zeros(rows.table.contacts, dtype=np.bool_)
            executed[contacts[facts & meaning.STEP_EXECUTED != 0]] = True
            kept &= executed.take(contacts)
        return kept
