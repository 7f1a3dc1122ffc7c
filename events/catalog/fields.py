"""The kinds of fields that event data is made of, with the words that explain each to a mailer."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from events.envelope import MAX_ID, MAX_SOURCE, has_control_character
from events.json_text import MAX_INTEGER, MIN_INTEGER
from events.rfc3339 import format_time, parse_time, to_datetime, to_milliseconds


def _without_control_characters(text: str) -> str:
    if has_control_character(text):
        raise PydanticCustomError("control_character", "Should have no control characters")
    return text


def _utc(moment: object) -> object:
    """RFC 3339 text, or an aware datetime, as a datetime in UTC that is cut to the millisecond."""
    try:
        if isinstance(moment, str):
            return to_datetime(parse_time(moment))
        if isinstance(moment, datetime):
            return to_datetime(to_milliseconds(moment))
    except ValueError as error:
        raise PydanticCustomError("time", "The time {problem}", {"problem": str(error)}) from None
    except OverflowError:
        raise PydanticCustomError("time", "The time is outside the years 1 to 9999 in UTC") from None
    raise PydanticCustomError("time", "Should be a string with an RFC 3339 time, such as 2026-03-02T10:00:00Z")


def _text(moment: datetime) -> str:
    return format_time(to_milliseconds(moment))


NO_CONTROL_CHARACTERS = {"not": {"pattern": r"[\u0000-\u001f\u007f-\u009f]"}}

Id = Annotated[
    str, Field(min_length=1, max_length=MAX_ID, json_schema_extra={**NO_CONTROL_CHARACTERS}), AfterValidator(_without_control_characters)
]
"""1 to 128 code points without control characters."""

Source = Annotated[
    str,
    Field(min_length=1, max_length=MAX_SOURCE, json_schema_extra={**NO_CONTROL_CHARACTERS}),
    AfterValidator(_without_control_characters),
]
"""1 to 256 code points without control characters."""

Timestamp = Annotated[datetime, BeforeValidator(_utc), PlainSerializer(_text)]
"""RFC 3339 with an offset on the wire; an aware datetime in UTC, cut to the millisecond, in Python."""

Integer = Annotated[int, Field(ge=MIN_INTEGER, le=MAX_INTEGER)]
Ordinal = Annotated[int, Field(ge=1, le=MAX_INTEGER)]

ContactId = Annotated[Id, Field(description="The person, under the id that you always use for them.")]
EnrollmentId = Annotated[Id, Field(description="One run of this contact through this sequence; a new run has a new id.")]
SequenceId = Annotated[Id, Field(description="The sequence, under an id that never changes.")]
StepId = Annotated[Id, Field(description="The step of the sequence. It keeps its id when the steps are put in another order.")]
MessageId = Annotated[Id, Field(description="One e-mail, sent by one step of one enrollment.")]
Variant = Annotated[Id, Field(description="The variant of an A/B test.")]
Machine = Annotated[bool, Field(description="True if a scanner or a proxy did this and not a person. Absent means false.")]
UserAgent = Annotated[str, Field(description="What the client called itself.")]
IpAddress = Annotated[str, Field(description="The client's network address.")]

EndReason = Literal[
    "replied",
    "meeting_booked",
    "bounced",
    "unsubscribed",
    "complained",
    "manual",
    "company_reply",
    "company_meeting",
    "sequence_deleted",
    "user_removed",
    "contact_deleted",
    "error",
]
Sentiment = Literal["positive", "neutral", "negative"]
BounceKind = Literal["hard", "soft"]
StepKind = Literal["automated_email", "manual_email", "call", "todo", "linkedin"]
