"""The report `funnel`: how far contacts come in a sequence, and where they are lost."""

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel

from projections import meaning
from projections.reports.as_of import AsOf, as_of
from projections.reports.errors import NotFound
from projections.reports.rates import Rate, rate
from projections.reports.request import Query, Request
from projections.reports.scope import Scope
from projections.rows import Column
from projections.tables.parts import SequenceDefinition


class Left(BaseModel):
    """Contacts that came no further, by why."""

    waiting: int
    """Some enrollment of theirs is live."""
    answered: int
    """Else: some enrollment of theirs is replied or met."""
    dropped: int
    """Neither."""


class FunnelStep(BaseModel):
    """One step of the newest definition."""

    step_id: str
    order: int
    name: str
    kind: str
    executed: int
    """Distinct contacts."""
    reached: int
    """Contacts that executed this step or a later one."""
    waiting: int
    """Of those that came no further; likewise the two below."""
    answered: int
    dropped: int
    reach: Rate
    """Reached, of all contacts."""
    drop_off: Rate
    """Dropped, of those that reached the step."""


class Funnel(BaseModel):
    """How far the contacts of a sequence came."""

    sequence_id: str
    name: str | None
    contacts: int
    before_first: Left
    """Contacts that executed no step of the definition."""
    steps: list[FunnelStep]
    as_of: AsOf


def read(_query: Query) -> None:
    """It has no parameters of its own."""


def funnel(request: Request, _options: None) -> Funnel:
    """Raises `NotFound` for a sequence that no event has named."""
    part = SequenceDefinition(request.subject)
    snapshot = request.reader.rows(request.account, part, cells_of=[request.subject])
    definition = snapshot.reading[part]
    if definition is None:
        raise NotFound("sequence", request.subject)
    scope = request.filters.scope(snapshot.table.rows(request.subject), request.time_zone)
    cells = snapshot.cells[request.subject]
    steps = sorted(definition.steps, key=lambda step: step.order)
    nothing = np.zeros(len(scope.started), dtype=np.bool_)
    executed = [
        (cells[step.step_id]["facts"].take(scope.started) & meaning.STEP_EXECUTED) != 0 if step.step_id in cells else nothing
        for step in steps
    ]
    contacts = _Contacts(scope, executed)
    everybody, reached = contacts.number, contacts.number
    left = [contacts.left(furthest) for furthest in range(len(steps) + 1)]
    lines = []
    for position, step in enumerate(steps, 1):
        before = left[position - 1]
        reached -= before.waiting + before.answered + before.dropped
        lines.append(
            FunnelStep(
                step_id=step.step_id,
                order=step.order,
                name=step.name,
                kind=step.kind,
                executed=contacts.executed(position),
                reached=reached,
                **left[position].model_dump(),
                reach=rate(reached, everybody, "contacts"),
                drop_off=rate(left[position].dropped, reached, "contacts"),
            )
        )
    return Funnel(
        sequence_id=request.subject,
        name=definition.name,
        contacts=everybody,
        before_first=left[0],
        steps=lines,
        as_of=as_of(snapshot.reading, request.ends),
    )


class _Contacts:
    """What is true of each distinct contact of a scope over its enrollments. Steps count from 1; 0 is before the first."""

    def __init__(self, scope: Scope, executed: Sequence[Column]) -> None:
        """`executed`: for each step in order, for each enrollment in scope, whether it executed the step."""
        distinct, self._contact = np.unique(scope.column("contact"), return_inverse=True)
        self.number = len(distinct)
        self._executed = executed
        status, flags = scope.column("status"), scope.column("flags")
        self._live = self._any((status == meaning.ACTIVE) | (status == meaning.PAUSED))
        self._answered = self._any((flags & (meaning.REPLIED | meaning.MET)) != 0)
        self._furthest = np.zeros(self.number, dtype=np.int64)
        for position, step in enumerate(executed, 1):
            self._furthest[self._any(step)] = position

    def executed(self, step: int) -> int:
        return int(np.count_nonzero(self._any(self._executed[step - 1])))

    def left(self, furthest: int) -> Left:
        """Those that came as far as this step and no further."""
        here = self._furthest == furthest
        waiting = here & self._live
        answered = here & ~self._live & self._answered
        counted = [int(np.count_nonzero(some)) for some in (here, waiting, answered)]
        return Left(waiting=counted[1], answered=counted[2], dropped=counted[0] - counted[1] - counted[2])

    def _any(self, true: Column) -> Column:
        """For each contact whether it is true of any of its enrollments."""
        return np.bincount(self._contact[true], minlength=self.number) > 0
