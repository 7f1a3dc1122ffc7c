"""One enrollment, as lists of enrollments show it."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import BaseModel

from events.rfc3339 import format_time
from projections import meaning
from projections.contact import Profile
from projections.definitions import Definition
from projections.identities import Identity
from projections.meaning import OUTCOMES, REASONS, STATUSES
from projections.rows import Column, Rows
from projections.tables.layout import NO_OUTCOME, NO_TIME


class EnrollmentRow(BaseModel):
    """One enrollment. Of one that never started `started_at` and `outcome` are null. Counts stop at 65,535."""

    enrollment_id: str
    contact_id: str
    contact_name: str | None
    company_id: str | None
    """As of the start; `company_name` is that of the contact's profile."""
    company_name: str | None
    sequence_id: str
    sequence_name: str | None
    status: str
    reason: str | None
    """Why it was unenrolled."""
    outcome: str | None
    enrolled_by: str | None
    team_id: str | None
    variant: str | None
    started_at: str | None
    ended_at: str | None
    last_step: str | None
    next_step: str | None
    emails_sent: int
    """Distinct messages."""
    opens: int
    """By humans; likewise clicks."""
    clicks: int
    replied: bool
    met: bool
    bounced: bool
    last_engaged_at: str | None


_COLUMNS: Final = (
    *("sequence", "status", "reason", "outcome", "company", "enrolled_by", "team", "variant", "step"),
    *("started_at", "ended_at", "last_engaged_at", "sent", "opens", "clicks", "flags"),
)


def enrollment_rows(
    rows: Rows,
    positions: Column,
    identities: Sequence[Identity],
    profiles: Sequence[Profile | None],
    catalogue: Mapping[str, Definition],
) -> list[EnrollmentRow]:
    """The rows at these positions, in this order, each with its identity and the profile of its contact."""
    text = rows.table.names.text
    columns = [rows.column(name).take(positions).tolist() for name in _COLUMNS]
    made = []
    for identity, profile, values in zip(identities, profiles, zip(*columns, strict=True), strict=True):
        sequence, status, reason, outcome, company, enrolled_by, team, variant, step, started_at, ended_at, engaged_at, *counts = values
        sent, opens, clicks, flags = counts
        sequence_id = rows.table.sequences[sequence]
        definition = catalogue[sequence_id]
        last_step = text(step) or None
        made.append(
            EnrollmentRow(
                enrollment_id=identity.enrollment_id,
                contact_id=identity.contact_id,
                contact_name=None if profile is None else profile.name,
                company_id=text(company) or None,
                company_name=None if profile is None else profile.company_name,
                sequence_id=sequence_id,
                sequence_name=definition.name,
                status=STATUSES[status],
                reason=REASONS[reason] or None,
                outcome=None if outcome == NO_OUTCOME else OUTCOMES[outcome],
                enrolled_by=text(enrolled_by) or None,
                team_id=text(team) or None,
                variant=text(variant) or None,
                started_at=_time(started_at),
                ended_at=_time(ended_at),
                last_step=last_step,
                next_step=_next_step(definition, last_step) if ended_at == NO_TIME else None,
                emails_sent=sent,
                opens=opens,
                clicks=clicks,
                replied=flags & meaning.REPLIED != 0,
                met=flags & meaning.MET != 0,
                bounced=flags & meaning.BOUNCED != 0,
                last_engaged_at=_time(engaged_at),
            )
        )
    return made


def _next_step(definition: Definition, last_step: str | None) -> str | None:
    """Rule 13, of an enrollment that has not ended."""
    order = 0 if last_step is None else next((step.order for step in definition.steps if step.step_id == last_step), None)
    if order is None:
        return None
    later = [step for step in definition.steps if step.order > order]
    return min(later, key=lambda step: step.order).step_id if later else None


def _time(instant: int) -> str | None:
    return None if instant == NO_TIME else format_time(instant)
