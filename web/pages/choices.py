"""The values that a filter bar offers: known for a while, as nobody waits for a new team to be seen there at once."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any, Final

from projections.reports import ask
from web.answers import Answers
from web.pages.filters import DIMENSIONS

_AGE: Final = 60.0
"""Seconds for which values are good."""
_OFFERED: Final = 50
"""Values of one filter; others can be typed."""
_REMEMBERED: Final = 500
"""Sequences, of all accounts together, whose values are kept."""

_Place = tuple[str, str | None, str]


class Choices:
    """Values of filters with how many enrollments have them, most first. For one event loop."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._known: OrderedDict[_Place, tuple[float, list[tuple[str, int]]]] = OrderedDict()

    async def of(self, account: str, fields: Sequence[str], sequence: str | None = None) -> dict[str, list[tuple[str, int]]]:
        """For each filter the values in one sequence, or (None) in all. Raises `StoreError`, `Busy`."""
        now = monotonic()
        missing = [field for field in fields if self._known.get((account, sequence, field), (now - _AGE,))[0] <= now - _AGE]
        asks = [partial(ask, "custom", account=account, parameters=_parameters(field, sequence)) for field in missing]
        for field, found in zip(missing, await self._answers.together(asks) if asks else (), strict=True):
            self._known[account, sequence, field] = now, _values(found, field)
            self._known.move_to_end((account, sequence, field))
        offered = {field: self._known[account, sequence, field][1] for field in fields}
        while len(self._known) > _REMEMBERED * len(DIMENSIONS):
            self._known.popitem(last=False)
        return offered


def _parameters(field: str, sequence: str | None) -> dict[str, list[str]]:
    limited = {"measure": ["started"], "by": [DIMENSIONS[field]], "limit": [str(_OFFERED + 1)]}
    return limited if sequence is None else {**limited, "sequence": [sequence]}


def _values(found: Any, field: str) -> list[tuple[str, int]]:
    counted = [(row.by[DIMENSIONS[field]], row.values["started"]) for row in found.rows]
    return [(value, started) for value, started in counted if value is not None][:_OFFERED]
