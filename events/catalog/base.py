"""What the data of several event types has in common."""

from typing import Any, ClassVar, LiteralString, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from events.catalog.fields import ContactId, EnrollmentId, MessageId, SequenceId, StepId
from events.topics import EMAIL, ENROLLMENT


def fault(field: str, message: LiteralString) -> PydanticCustomError:
    """The error of a rule between several fields, naming the one that is to be put right."""
    return PydanticCustomError("rule", message, {"field": field})


def given(field: str) -> dict[str, Any]:
    """The JSON Schema of objects in which a text field is present and not null."""
    return {"required": [field], "properties": {field: {"type": "string"}}}


BOTH_OR_NEITHER: list[dict[str, Any]] = [
    {"if": given("enrollment_id"), "then": given("sequence_id")},
    {"if": given("sequence_id"), "then": given("enrollment_id")},
]


class EventData(BaseModel):
    """The `data` of an event. Unknown fields are ignored, null is the same as absent, and no value is converted to another type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[str]

    @property
    def key_id(self) -> str | None:
        """The id that makes up the record's key, together with the account; None where the account alone is the key."""
        raise NotImplementedError


class ContactData(EventData):
    """Data of an event that concerns a contact. It may name the enrollment, by both ids or by none."""

    model_config = ConfigDict(json_schema_extra={"allOf": [*BOTH_OR_NEITHER]})

    contact_id: ContactId
    enrollment_id: EnrollmentId | None = None
    sequence_id: SequenceId | None = None

    @property
    def key_id(self) -> str:
        return self.contact_id

    @model_validator(mode="after")
    def _enrollment_is_named_by_both_ids(self) -> Self:
        if self.enrollment_id is None and self.sequence_id is not None:
            raise fault("enrollment_id", "Required together with sequence_id")
        if self.sequence_id is None and self.enrollment_id is not None:
            raise fault("sequence_id", "Required together with enrollment_id")
        return self


class EnrollmentData(ContactData):
    """Data of an event of one enrollment, which is always named."""

    model_config = ConfigDict(json_schema_extra={})
    topic = ENROLLMENT

    enrollment_id: EnrollmentId
    sequence_id: SequenceId


class MessageData(ContactData):
    """Data of an event of one e-mail. Where enrollment and step are not given, they are those of its `email.sent`."""

    topic = EMAIL

    message_id: MessageId
    step_id: StepId | None = None
