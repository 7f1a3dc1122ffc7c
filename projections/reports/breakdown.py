"""A scope counted by groups: one engine under every report that has a line for each of something."""

from collections.abc import Sequence

import numpy as np

from projections.reports.dimensions import Codes, Label, codes
from projections.reports.groups import Numbers
from projections.reports.parameters import WeekStart
from projections.reports.recount import Recount
from projections.reports.scope import Scope
from projections.reports.shared_messages import SharedMessages
from projections.rows import Column
from projections.tables.parts import Counts


class Breakdown:
    """The started enrollments of a scope by up to three dimensions. A group is a combination that has one."""

    def __init__(
        self,
        scope: Scope,
        dimensions: Sequence[str],
        zone: str,
        *,
        week_start: WeekStart = "monday",
        shared: SharedMessages | None = None,
    ) -> None:
        """`shared` is needed for the numbers of basis messages."""
        self._dimensions = [codes(name, scope, zone, week_start) for name in dimensions]
        self._combinations, groups = _groups(self._dimensions, len(scope.started))
        of_rows = np.zeros(len(scope.rows), dtype=np.int64)
        of_rows[scope.started] = groups
        self.recount = Recount(scope, of_rows, max(1, len(self)), shared)
        """Counts by group; where there is no group, it has one number, which is zero."""

    def __len__(self) -> int:
        """How many groups there are."""
        return len(self._combinations)

    def code(self, dimension: int) -> Numbers:
        """For each group its code in a dimension (a position among those asked for)."""
        return self._combinations[:, dimension]

    def labels(self, group: int) -> tuple[Label, ...]:
        """What a group is called in each dimension."""
        return tuple(one.label(int(code)) for one, code in zip(self._dimensions, self._combinations[group], strict=True))

    def ranks(self, dimension: int, groups: Column) -> tuple[Numbers, Column]:
        """For each of some groups (where its label stands among theirs by code point, null last; whether it is null)."""
        present, places = np.unique(self.code(dimension)[groups], return_inverse=True)
        labels = [self._dimensions[dimension].label(code) for code in present.tolist()]
        order = sorted(range(len(labels)), key=lambda place: (labels[place] is None, labels[place] or ""))
        ranks = np.empty(len(labels), dtype=np.int64)
        ranks[order] = np.arange(len(labels))
        nulls = np.array([label is None for label in labels], dtype=np.bool_)
        return ranks[places], nulls[places]

    def counts(self, group: int) -> Counts:
        """The numbers of one group."""
        return self.recount.group(group)

    def by_label(self) -> dict[Label, Counts]:
        """Of one dimension: what each group is called -> its numbers."""
        return {self.labels(group)[0]: self.counts(group) for group in range(len(self))}


def _groups(dimensions: Sequence[Codes], size: int) -> tuple[Numbers, Column]:
    """(lines of codes, one line for each combination that is there, ascending; for each enrollment its line)."""
    combined = np.zeros(size, dtype=np.int64)
    for one in dimensions:
        # Codes are made dense before they are combined, so that three of them fit into 63 bits whatever they are.
        present, dense = _dense(one.of_started.astype(np.int64))
        combined = combined * max(1, len(present)) + dense
    first, groups = _first_and_inverse(combined)
    lines = [one.of_started.take(first) for one in dimensions]
    return np.stack(lines, axis=1).astype(np.int64) if lines else np.zeros((len(first), 0), dtype=np.int64), groups


def _dense(values: Column) -> tuple[Column, Column]:
    """(the distinct values ascending, the position of each value among them)."""
    if len(values) and int(values.max()) - int(values.min()) < 1 << 22:
        lowest = values.min()
        there = np.bincount(values - lowest) > 0
        return np.flatnonzero(there) + lowest, (np.cumsum(there) - 1).take(values - lowest)
    present, dense = np.unique(values, return_inverse=True)
    return present, dense


def _first_and_inverse(values: Column) -> tuple[Column, Column]:
    """(where each distinct value is first, by value; the position of each value among the distinct ones)."""
    present, dense = _dense(values)
    first = np.empty(len(present), dtype=np.int64)
    first[dense[::-1]] = np.arange(len(values) - 1, -1, -1)
    return first, dense
