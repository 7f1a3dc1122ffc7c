"""The values that a filter bar offers: known for a while, as nobody waits for a new team to be seen there at once."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any, Final

from projections.reports import ask
from web.answers import Answers
from web.pages.called import NO_NAMES, asks_for, names
from web.pages.filters import DIMENSIONS, Value

_AGE: Final = 60.0
"""Seconds for which values are good."""
_OFFERED: Final = 50
"""Values of one filter; others can be typed."""
_REMEMBERED: Final = 500
"""Sequences, of all accounts together, whose values are kept."""

_Place = tuple[str, str | None, str]


class Choices:
    """Values of filters, with how many enrollments have them, most first, and what people call them. For one event loop."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._known: OrderedDict[_Place, tuple[float, list[Value]]] = OrderedDict()

    async def of(self, account: str, fields: Sequence[str], sequence: str | None = None) -> dict[str, list[Value]]:
        """For each filter the values in one sequence, or (None) in all. Raises `StoreError`, `Busy`."""
        now = monotonic()
        missing = [field for field in fields if self._known.get((account, sequence, field), (now - _AGE,))[0] <= now - _AGE]
        for field, values in (await self._look(account, missing, sequence)).items():
            self._known[account, sequence, field] = now, values
            self._known.move_to_end((account, sequence, field))
        offered = {field: self._known[account, sequence, field][1] for field in fields}
        while len(self._known) > _REMEMBERED * len(DIMENSIONS):
            self._known.popitem(last=False)
        return offered

    async def _look(self, account: str, fields: Sequence[str], sequence: str | None) -> dict[str, list[Value]]:
        if not fields:
            return {}
        asks = [partial(ask, "custom", account=account, parameters=_parameters(field, sequence)) for field in fields]
        counted = {field: _counted(found, field) for field, found in zip(fields, await self._answers.together(asks), strict=True)}
        unnamed = {field: asked for field, values in counted.items() if (asked := asks_for(field, account, list(values))) is not None}
        answers: list[Any] = await self._answers.together(list(unnamed.values())) if unnamed else []
        called = {field: names(answer) for field, answer in zip(unnamed, answers, strict=True)}
        return {
            field: [Value(value, started, called.get(field, NO_NAMES).get(value)) for value, started in values.items()]
            for field, values in counted.items()
        }


def _parameters(field: str, sequence: str | None) -> dict[str, list[str]]:
    limited = {"measure": ["started"], "by": [DIMENSIONS[field]], "limit": [str(_OFFERED + 1)]}
    return limited if sequence is None else {**limited, "sequence": [sequence]}


def _counted(found: Any, field: str) -> dict[str, int]:
    counted = [(row.by[DIMENSIONS[field]], row.values["started"]) for row in found.rows]
    return dict([(value, started) for value, started in counted if value is not None][:_OFFERED])
