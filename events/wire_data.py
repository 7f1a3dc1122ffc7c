"""The data of each event type as the fast decoder builds it, under the names of the catalog. What is absent is None.

A class here checks all that the catalog checks, but for control characters and for the two ids that name an enrollment together; those are
checked for all types at once by `events.wire`.
"""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from events.catalog.dashboard import lists_of
from events.catalog.fields import BounceKind, EndReason, Sentiment, StepKind
from events.envelope import MAX_ID, MAX_SOURCE
from events.json_text import MAX_INTEGER, MIN_INTEGER
from events.rfc3339 import parse_time, to_datetime

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Source = Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)]
Integer = Annotated[int, Meta(ge=MIN_INTEGER, le=MAX_INTEGER)]
Ordinal = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]

if TYPE_CHECKING:
    # What a reader finds in the field ...
    Time = int  # milliseconds since 1970 UTC
    Parameters = dict[str, list[str]]
else:
    # ... and what msgspec is to look for in the JSON text.
    Time = str
    Parameters = dict[str, str | list[str] | None]


class WireData(Struct, gc=False, kw_only=True):
    """The `data` of an event."""


class ContactData(WireData, gc=False, kw_only=True):
    contact_id: Id
    enrollment_id: Id | None = None
    sequence_id: Id | None = None


class EnrollmentData(ContactData, gc=False, kw_only=True):
    enrollment_id: Id
    sequence_id: Id


class MessageData(ContactData, gc=False, kw_only=True):
    message_id: Id
    step_id: Id | None = None


class EnrollmentStarted(EnrollmentData, gc=False, kw_only=True):
    enrolled_by: Id | None = None
    company_id: Id | None = None
    team_id: Id | None = None
    variant: Id | None = None
    sequence_version: Integer | None = None


class EnrollmentScheduled(EnrollmentStarted, gc=False, kw_only=True):
    start_at: Time | None = None

    def __post_init__(self) -> None:
        self.start_at = _milliseconds(self.start_at)


class EnrollmentPaused(EnrollmentData, gc=False, kw_only=True): ...


class EnrollmentResumed(EnrollmentData, gc=False, kw_only=True): ...


class EnrollmentFinished(EnrollmentData, gc=False, kw_only=True): ...


class EnrollmentUnenrolled(EnrollmentData, gc=False, kw_only=True):
    reason: EndReason
    message_id: Id | None = None


class EnrollmentErrored(EnrollmentData, gc=False, kw_only=True):
    error: str | None = None


class StepExecuted(EnrollmentData, gc=False, kw_only=True):
    step_id: Id


class StepSkipped(EnrollmentData, gc=False, kw_only=True):
    step_id: Id


class TaskCompleted(EnrollmentData, gc=False, kw_only=True):
    step_id: Id
    outcome: str | None = None
    due_at: Time | None = None

    def __post_init__(self) -> None:
        self.due_at = _milliseconds(self.due_at)


class EmailSent(EnrollmentData, gc=False, kw_only=True):
    message_id: Id
    step_id: Id
    variant: Id | None = None


class EmailDelivered(MessageData, gc=False, kw_only=True):
    reason: str | None = None


class EmailDeferred(MessageData, gc=False, kw_only=True):
    reason: str | None = None


class EmailDropped(MessageData, gc=False, kw_only=True):
    reason: str | None = None


class EmailBounced(MessageData, gc=False, kw_only=True):
    kind: BounceKind
    code: str | None = None
    reason: str | None = None


class EmailOpened(MessageData, gc=False, kw_only=True):
    machine: bool | None = None
    user_agent: str | None = None
    ip: str | None = None


class EmailClicked(MessageData, gc=False, kw_only=True):
    url: str | None = None
    machine: bool | None = None
    user_agent: str | None = None
    ip: str | None = None


class EmailReplied(ContactData, gc=False, kw_only=True):
    message_id: Id | None = None
    step_id: Id | None = None
    sentiment: Sentiment | None = None


class EmailAutoReplied(EmailReplied, gc=False, kw_only=True): ...


class EmailUnsubscribed(ContactData, gc=False, kw_only=True):
    message_id: Id | None = None
    step_id: Id | None = None

    def __post_init__(self) -> None:
        if self.message_id is None and self.enrollment_id is None:
            raise ValueError("neither message nor enrollment")


class EmailComplained(EmailUnsubscribed, gc=False, kw_only=True): ...


class EventReference(Struct, gc=False, kw_only=True):
    source: Source
    id: Id


class EngagementReclassified(ContactData, gc=False, kw_only=True):
    events: list[EventReference]
    machine: bool


class MeetingBooked(ContactData, gc=False, kw_only=True):
    meeting_id: Id
    organizer: Id | None = None
    message_id: Id | None = None
    step_id: Id | None = None
    triggers_unenroll: bool | None = None


class MeetingCanceled(ContactData, gc=False, kw_only=True):
    meeting_id: Id


class ContactUpdated(ContactData, gc=False, kw_only=True):
    name: str | None = None
    email: str | None = None
    company_id: Id | None = None
    company_name: str | None = None


class ContactErased(ContactData, gc=False, kw_only=True): ...


class SequenceData(WireData, gc=False, kw_only=True):
    sequence_id: Id


class SequenceStep(Struct, gc=False, kw_only=True):
    step_id: Id
    order: Ordinal
    kind: StepKind
    name: str


class SequenceDefined(SequenceData, gc=False, kw_only=True):
    name: str
    version: Ordinal
    steps: list[SequenceStep]
    created_at: Time | None = None
    owner_id: Id | None = None

    def __post_init__(self) -> None:
        if len({step.step_id for step in self.steps}) < len(self.steps) or len({step.order for step in self.steps}) < len(self.steps):
            raise ValueError("steps are not unique")
        self.created_at = _milliseconds(self.created_at)


class SequenceArchived(SequenceData, gc=False, kw_only=True): ...


class DashboardData(WireData, gc=False, kw_only=True):
    dashboard_id: Id


class DashboardCard(Struct, gc=False, kw_only=True):
    report: Id
    parameters: Parameters | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        self.parameters = lists_of(self.parameters)


class DashboardSaved(DashboardData, gc=False, kw_only=True):
    name: str
    cards: list[DashboardCard]


class DashboardDeleted(DashboardData, gc=False, kw_only=True): ...


def _milliseconds(time: object) -> int | None:
    if not isinstance(time, str):
        return time if isinstance(time, int) else None
    milliseconds = parse_time(time)
    to_datetime(milliseconds)  # the catalog holds such times as datetimes; what does not fit one is refused
    return milliseconds
