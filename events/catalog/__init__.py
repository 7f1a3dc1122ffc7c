"""The catalog of event types: what can happen, and what each event says. The JSON Schema is made from these models."""

from collections.abc import Mapping
from types import MappingProxyType

from events.catalog.base import EventData
from events.catalog.contact import ContactErased, ContactUpdated
from events.catalog.dashboard import DashboardCard, DashboardDeleted, DashboardSaved
from events.catalog.email import EmailBounced, EmailDeferred, EmailDelivered, EmailDropped, EmailSent
from events.catalog.engagement import (
    EmailAutoReplied,
    EmailClicked,
    EmailComplained,
    EmailOpened,
    EmailReplied,
    EmailUnsubscribed,
    EngagementReclassified,
    EventReference,
)
from events.catalog.enrollment import (
    EnrollmentErrored,
    EnrollmentFinished,
    EnrollmentPaused,
    EnrollmentResumed,
    EnrollmentScheduled,
    EnrollmentStarted,
    EnrollmentUnenrolled,
    StepExecuted,
    StepSkipped,
    TaskCompleted,
)
from events.catalog.meeting import MeetingBooked, MeetingCanceled
from events.catalog.sequence import SequenceArchived, SequenceDefined, SequenceStep

_MODELS: tuple[type[EventData], ...] = (
    EnrollmentScheduled,
    EnrollmentStarted,
    EnrollmentPaused,
    EnrollmentResumed,
    EnrollmentFinished,
    EnrollmentUnenrolled,
    EnrollmentErrored,
    StepExecuted,
    StepSkipped,
    TaskCompleted,
    EmailSent,
    EmailDelivered,
    EmailDeferred,
    EmailDropped,
    EmailOpened,
    EmailClicked,
    EmailReplied,
    EmailAutoReplied,
    EmailBounced,
    EmailUnsubscribed,
    EmailComplained,
    EngagementReclassified,
    MeetingBooked,
    MeetingCanceled,
    ContactUpdated,
    ContactErased,
    SequenceDefined,
    SequenceArchived,
    DashboardSaved,
    DashboardDeleted,
)

CATALOG: Mapping[str, type[EventData]] = MappingProxyType({model.type: model for model in _MODELS})
"""Every event type and the model of its data, in the order of the contract."""

__all__ = [
    "CATALOG",
    "ContactErased",
    "ContactUpdated",
    "DashboardCard",
    "DashboardDeleted",
    "DashboardSaved",
    "EmailAutoReplied",
    "EmailBounced",
    "EmailClicked",
    "EmailComplained",
    "EmailDeferred",
    "EmailDelivered",
    "EmailDropped",
    "EmailOpened",
    "EmailReplied",
    "EmailSent",
    "EmailUnsubscribed",
    "EngagementReclassified",
    "EnrollmentErrored",
    "EnrollmentFinished",
    "EnrollmentPaused",
    "EnrollmentResumed",
    "EnrollmentScheduled",
    "EnrollmentStarted",
    "EnrollmentUnenrolled",
    "EventData",
    "EventReference",
    "MeetingBooked",
    "MeetingCanceled",
    "SequenceArchived",
    "SequenceDefined",
    "SequenceStep",
    "StepExecuted",
    "StepSkipped",
    "TaskCompleted",
]
