"""What the receiver did with an e-mail."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from events.catalog.base import BOTH_OR_NEITHER, ContactData, MessageData, fault, given
from events.catalog.fields import Id, IpAddress, Machine, MessageId, Sentiment, Source, StepId, UserAgent
from events.topics import EMAIL

AnsweredMessage = Annotated[MessageId, Field(description="The sequence's e-mail that it answers; absent for other mail.")]


class EmailOpened(MessageData):
    """The e-mail was opened (its pixel was loaded)."""

    type = "email.opened"

    machine: Machine | None = None
    user_agent: UserAgent | None = None
    ip: IpAddress | None = None


class EmailClicked(MessageData):
    """A link of the e-mail was followed."""

    type = "email.clicked"

    url: Annotated[str, Field(description="Where the link leads.")] | None = None
    machine: Machine | None = None
    user_agent: UserAgent | None = None
    ip: IpAddress | None = None


class EmailReplied(ContactData):
    """The contact wrote back: to an e-mail of a sequence, or in some other thread."""

    type = "email.replied"
    topic = EMAIL

    message_id: AnsweredMessage | None = None
    step_id: StepId | None = None
    sentiment: Annotated[Sentiment, Field(description="How the answer sounds.")] | None = None


class EmailAutoReplied(EmailReplied):
    """An automatic answer, such as an out-of-office notice. Never counted as a reply."""

    type = "email.auto_replied"


class _OptOut(ContactData):
    model_config = ConfigDict(json_schema_extra={"allOf": [*BOTH_OR_NEITHER, {"anyOf": [given("message_id"), given("enrollment_id")]}]})
    topic = EMAIL

    message_id: MessageId | None = None
    step_id: StepId | None = None

    @model_validator(mode="after")
    def _message_or_enrollment_is_named(self) -> Self:
        if self.message_id is None and self.enrollment_id is None:
            raise fault("message_id", "Required, unless enrollment_id and sequence_id are given")
        return self


class EmailUnsubscribed(_OptOut):
    """The contact wants no more e-mail. Names the message or the enrollment."""

    type = "email.unsubscribed"


class EmailComplained(_OptOut):
    """The contact has reported the e-mail as spam. Names the message or the enrollment."""

    type = "email.complained"


class EventReference(BaseModel):
    """The identity of another event of the same account."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    source: Annotated[Source, Field(description="The `source` of that event.")]
    id: Annotated[Id, Field(description="The `id` of that event.")]


class EngagementReclassified(ContactData):
    """Opens and clicks of this contact turned out to be a machine's, or a person's. The latest word on an event counts."""

    type = "engagement.reclassified"
    topic = EMAIL

    events: Annotated[list[EventReference], Field(description="The opens and clicks concerned.")]
    machine: Annotated[bool, Field(description="True: a scanner or a proxy; false: a person.")]
