"""The report `steps`: where the enrollments of a sequence stand, and how each step does."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np
from pydantic import BaseModel

from projections.definitions import Definition
from projections.definitions import Step as DefinedStep
from projections.meaning import STEP_EXECUTED, STEP_FACTS
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.distinct import distinct
from projections.reports.errors import NotFound
from projections.reports.parameters import Opens
from projections.reports.rates import STATUSES_STARTED, Rate, flag, rate
from projections.reports.recount import Recount
from projections.reports.request import Query, Request
from projections.reports.scope import Scope
from projections.reports.shared_messages import SharedMessages
from projections.rows import Column
from projections.tables.layout import STEP_COUNTERS
from projections.tables.parts import Counts, SequenceCounters, SequenceDefinition, SequenceSteps, SharedLists, StepCounters
from projections.tables.reading import Reading


class Statuses(BaseModel):
    """Started enrollments by status."""

    active: int
    paused: int
    finished: int
    unenrolled: int
    errored: int


class StepRates(BaseModel):
    """Of the distinct contacts that executed the step."""

    open: Rate
    click: Rate
    reply: Rate
    meeting: Rate
    bounce: Rate


_FLAGS: Final = {"open": "opened", "click": "clicked", "reply": "replied", "meeting": "met", "bounce": "bounced"}


class Step(BaseModel):
    """One step."""

    step_id: str
    order: int | None
    """null for a step that is not in the newest definition; likewise the two below."""
    name: str | None
    kind: str | None
    status: Statuses
    """Enrollments whose current step this is."""
    total: int
    executed: int
    """Distinct contacts; likewise skipped."""
    skipped: int
    sent: int
    """Distinct messages."""
    rates: StepRates


class Steps(BaseModel):
    """The steps of one sequence in the order of its newest definition, then those that only events name, by id."""

    sequence_id: str
    scheduled: int
    no_step: Statuses
    """Enrollments that have not reached a step."""
    steps: list[Step]
    as_of: AsOf


def read(query: Query) -> Opens:
    return parameters.opens(query.given)


def steps(request: Request, opens: Opens) -> Steps:
    """Raises `NotFound` for a sequence that no event has named."""
    part = SequenceDefinition(request.subject)
    reading, scheduled, counted = _counted(request, part)
    definition = reading[part]
    if definition is None:
        raise NotFound("sequence", request.subject)
    return Steps(
        sequence_id=request.subject,
        scheduled=scheduled,
        no_step=_statuses(counted.no_step, ""),
        steps=[
            _step(step_id, step, counted.steps.get(step_id, Counter()), opens)
            for step_id, step in _listed(definition, counted.steps).items()
        ],
        as_of=as_of(reading, request.ends),
    )


def _listed(definition: Definition, counted: Mapping[str, Counts]) -> dict[str, DefinedStep | None]:
    """The steps to show, in order."""
    defined: dict[str, DefinedStep | None] = {step.step_id: step for step in sorted(definition.steps, key=lambda step: step.order)}
    seen = (step_id for step_id, counts in counted.items() if any(counts[name] for name in STEP_COUNTERS))
    return defined | dict.fromkeys(sorted(set(seen) - defined.keys()))


def _step(step_id: str, defined: DefinedStep | None, counts: Counts, opens: Opens) -> Step:
    executed = counts["contacts.executed"]
    status = _statuses(counts, "status.")
    return Step(
        step_id=step_id,
        order=None if defined is None else defined.order,
        name=None if defined is None else defined.name,
        kind=None if defined is None else defined.kind,
        status=status,
        total=sum(status.model_dump().values()),
        executed=executed,
        skipped=counts["contacts.skipped"],
        sent=counts["sent"],
        rates=StepRates(**{name: rate(counts[f"contacts.{flag(fact, opens)}"], executed, "contacts") for name, fact in _FLAGS.items()}),
    )


def _statuses(counts: Counts, prefix: str) -> Statuses:
    return Statuses(**{status: counts[f"{prefix}{status}"] for status in STATUSES_STARTED})


def _counted(request: Request, definition: SequenceDefinition) -> tuple[Reading, int, SequenceSteps]:
    """(the reading, scheduled enrollments, the step counters): as stored, or counted anew from rows and cells."""
    if request.from_counters:
        counters, step_counters = SequenceCounters(request.subject), StepCounters(request.subject)
        reading = request.reader.read(request.account, definition, counters, step_counters)
        return reading, reading[counters]["status.scheduled"], reading[step_counters]
    shared = SharedLists()
    snapshot = request.reader.rows(request.account, definition, shared, cells_of=[request.subject])
    scope = request.filters.scope(snapshot.table.rows(request.subject), request.time_zone)
    repeated = SharedMessages.read(snapshot.reading[shared], scope.rows).repeated_sends(scope.started)
    return snapshot.reading, Recount(scope).group()["status.scheduled"], _recounted(scope, snapshot.cells[request.subject], repeated)


def _recounted(scope: Scope, cells: Mapping[str, Column], repeated: Mapping[int, int]) -> SequenceSteps:
    """`repeated`: step -> messages that the cells of enrollments in scope count more than once."""
    names = scope.rows.table.names
    by_step = Recount(scope, scope.rows.column("step"), len(names))
    contacts = scope.rows.column("contact").take(scope.started)
    counted: dict[str, Counts] = {}
    for step_id, of_step in cells.items():
        code = names.code(step_id)
        at_step: Counts = Counter() if code is None else by_step.group(code)
        counts = Counter({f"status.{status}": at_step[f"status.{status}"] for status in STATUSES_STARTED})
        own = of_step.take(scope.started)
        counts["sent"] = int(own["sent"].sum(dtype=np.int64)) - (0 if code is None else repeated.get(code, 0))
        _, facts = distinct(None, contacts, scope.rows.table.contacts, own["facts"])
        for bit, fact in enumerate(STEP_FACTS):
            # Everything but a skip counts only for a contact that executed the step.
            needed = 1 << bit if fact == "skipped" else 1 << bit | STEP_EXECUTED
            counts[f"contacts.{fact}"] = int(np.count_nonzero((facts & needed) == needed))
        counted[step_id] = counts
    return SequenceSteps(counted, Counter({status: by_step.group(0)[f"status.{status}"] for status in STATUSES_STARTED}))
