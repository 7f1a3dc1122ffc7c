"""What is said of a rate: the contacts, enrollments and messages behind it, and the events that made them, as JSON has it."""

from pydantic import BaseModel

from events.rfc3339 import format_time
from projections.explain.recorded import Recorded
from projections.reports.as_of import AsOf
from projections.reports.parameters import Basis, Opens
from projections.reports.rates import Rate


class NamedEvent(BaseModel):
    """An event, and where in the log it stands."""

    topic: str
    partition: int
    offset: int
    type: str
    source: str
    id: str
    time: str


class Cause(BaseModel):
    """Why a flag is set."""

    flag: str
    rule: str
    events: list[NamedEvent]


class ExplainedMessage(BaseModel):
    """One message within one enrollment."""

    message_id: str
    in_denominator: bool
    counts: bool
    """In the numerator, which may be for what it did in another enrollment in scope."""
    events: list[NamedEvent]
    """Those that put it into the denominator, then those into the numerator."""


class ExplainedEnrollment(BaseModel):
    """One enrollment in scope."""

    enrollment_id: str
    sequence_id: str
    status: str
    outcome: str
    started_at: str
    counts: bool
    """Whether it is one of those for which the contact (basis contacts) or it itself is in the numerator."""
    causes: list[Cause]
    messages: list[ExplainedMessage]
    """In basis messages only."""


class ExplainedContact(BaseModel):
    """One contact with its enrollments in scope."""

    contact_id: str
    counts: bool
    """Whether something of it is in the numerator."""
    enrollments: list[ExplainedEnrollment]


class Explanation(BaseModel):
    """A rate, and what is behind it."""

    account: str
    sequence_id: str | None
    metric: str
    filters: dict[str, list[str] | str]
    opens: Opens
    basis: Basis
    rate: Rate
    rule: str
    contacts: list[ExplainedContact]
    """Those that count first, then the newest start."""
    more: int
    """Contacts in scope that are not shown."""
    as_of: AsOf


def named_event(one: Recorded) -> NamedEvent:
    """An event by all that it is known by."""
    event = one.event
    return NamedEvent(
        topic=one.topic,
        partition=one.partition,
        offset=one.offset,
        type=event.type,
        source=event.source,
        id=event.id,
        time=format_time(event.time),
    )
