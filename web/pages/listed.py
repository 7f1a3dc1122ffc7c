"""Lists of enrollments as pages show them: names in place of ids, words in place of codes."""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from projections.meaning import STATUSES
from projections.reports.enrollment_row import EnrollmentRow
from web import session
from web.access import Scope
from web.pages.meanings import OUTCOMES
from web.pages.site import Visit
from web.pages.step_names import StepNames

NOTHING: Final = "–"
COLOURS: Final = {**{status: status for status in STATUSES}, "canceled": "7"}
"""Status -> data-color."""


class Line(NamedTuple):
    """One enrollment."""

    row: EnrollmentRow
    id: str
    """Of its element: the same as long as it is the same enrollment, and made of letters whatever its ids are."""
    key: str
    """By which an action names it, as JSON."""
    who: str
    company: str
    sequence: str
    status: str
    colour: str
    reason: str | None
    outcome: str
    last_step: str
    next_step: str


def lines(rows: Sequence[EnrollmentRow], steps: StepNames) -> list[Line]:
    return [_line(row, steps) for row in rows]


def may_act(visit: Visit) -> bool:
    """Whether who looks at it may pause, resume and unenroll."""
    return session.of(visit.request).may(Scope.ACT)


def status_words(status: str) -> str:
    """A status, or a status with a reason, as people say it."""
    name, _, reason = status.partition(":")
    return f"{name.capitalize()}: {reason_words(reason)}" if reason else name.capitalize()


def reason_words(reason: str) -> str:
    return reason.replace("_", " ")


def sequences_of(rows: Iterable[EnrollmentRow]) -> list[str]:
    return list(dict.fromkeys(row.sequence_id for row in rows))


def _line(row: EnrollmentRow, steps: StepNames) -> Line:
    key = json.dumps({"contact_id": row.contact_id, "sequence_id": row.sequence_id, "enrollment_id": row.enrollment_id})

    def step(step_id: str | None) -> str:
        return NOTHING if step_id is None else steps.get((row.sequence_id, step_id), step_id)

    return Line(
        row=row,
        id=f"e-{sha256(key.encode()).hexdigest()[:20]}",
        key=key,
        who=row.contact_name or row.contact_id,
        company=row.company_name or row.company_id or NOTHING,
        sequence=row.sequence_name or row.sequence_id,
        status=status_words(row.status),
        colour=COLOURS[row.status],
        reason=row.reason and reason_words(row.reason),
        outcome=NOTHING if row.outcome is None else OUTCOMES[row.outcome],
        last_step=step(row.last_step),
        next_step=step(row.next_step),
    )
