"""The life of an enrollment: scheduled, started, paused, ended, and its steps."""

from typing import Annotated

from pydantic import Field

from events.catalog.base import EnrollmentData
from events.catalog.fields import EndReason, Id, Integer, MessageId, StepId, Timestamp, Variant


class EnrollmentStarted(EnrollmentData):
    """The contact has begun the sequence. What is given here describes the whole enrollment."""

    type = "enrollment.started"

    enrolled_by: Annotated[Id, Field(description="The user who enrolled the contact.")] | None = None
    company_id: Annotated[Id, Field(description="The contact's company at this time.")] | None = None
    team_id: Annotated[Id, Field(description="The team of that user.")] | None = None
    variant: Variant | None = None
    sequence_version: Annotated[Integer, Field(description="The version of the sequence's definition.")] | None = None


class EnrollmentScheduled(EnrollmentStarted):
    """The contact will begin the sequence later; nothing counts before `enrollment.started`."""

    type = "enrollment.scheduled"

    start_at: Annotated[Timestamp, Field(description="When it is planned to start.")] | None = None


class EnrollmentPaused(EnrollmentData):
    """No step runs until the enrollment is resumed."""

    type = "enrollment.paused"


class EnrollmentResumed(EnrollmentData):
    """Steps run again."""

    type = "enrollment.resumed"


class EnrollmentFinished(EnrollmentData):
    """All steps are done: the end."""

    type = "enrollment.finished"


class EnrollmentUnenrolled(EnrollmentData):
    """The contact was taken out before the last step: the end."""

    type = "enrollment.unenrolled"

    reason: Annotated[EndReason, Field(description="Why the contact was taken out.")]
    message_id: Annotated[MessageId, Field(description="The e-mail that was answered, that bounced, ...")] | None = None


class EnrollmentErrored(EnrollmentData):
    """The sequence could not go on: the end."""

    type = "enrollment.errored"

    error: Annotated[str, Field(description="What went wrong, in words.")] | None = None


class StepExecuted(EnrollmentData):
    """A step was carried out."""

    type = "step.executed"

    step_id: StepId


class StepSkipped(EnrollmentData):
    """A step was passed over."""

    type = "step.skipped"

    step_id: StepId


class TaskCompleted(EnrollmentData):
    """A user has done the task of a step, such as a call."""

    type = "task.completed"

    step_id: StepId
    outcome: Annotated[str, Field(description="How it went, in words.")] | None = None
    due_at: Annotated[Timestamp, Field(description="When it was due.")] | None = None
