"""The way of an e-mail to its mailbox."""

from typing import Annotated

from pydantic import Field

from events.catalog.base import EnrollmentData, MessageData
from events.catalog.fields import BounceKind, MessageId, StepId, Variant
from events.topics import EMAIL

Explanation = Annotated[str, Field(description="What the mail server said.")]


class EmailSent(EnrollmentData):
    """An e-mail was handed to the mail server. It ties the message to its enrollment and step."""

    type = "email.sent"
    topic = EMAIL

    message_id: MessageId
    step_id: StepId
    variant: Variant | None = None


class EmailDelivered(MessageData):
    """The receiving server has accepted the e-mail."""

    type = "email.delivered"

    reason: Explanation | None = None


class EmailDeferred(MessageData):
    """The receiving server has put the e-mail off; it will be tried again."""

    type = "email.deferred"

    reason: Explanation | None = None


class EmailDropped(MessageData):
    """The e-mail was not sent on, by the provider's own decision."""

    type = "email.dropped"

    reason: Explanation | None = None


class EmailBounced(MessageData):
    """The e-mail came back."""

    type = "email.bounced"

    kind: Annotated[BounceKind, Field(description="`hard`: the address is of no use; `soft`: it may work another time.")]
    code: Annotated[str, Field(description="The server's code, such as 550 or 5.1.1.")] | None = None
    reason: Explanation | None = None
