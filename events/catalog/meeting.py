"""Meetings with a contact."""

from typing import Annotated

from pydantic import Field

from events.catalog.base import ContactData
from events.catalog.fields import Id, MessageId, StepId
from events.topics import MEETING

MeetingId = Annotated[Id, Field(description="The meeting.")]


class MeetingBooked(ContactData):
    """A meeting was agreed on. The event's time is when it was booked, not when it takes place."""

    type = "meeting.booked"
    topic = MEETING

    meeting_id: MeetingId
    organizer: Annotated[Id, Field(description="The user whose meeting it is, under the id used in `enrolled_by`.")] | None = None
    message_id: Annotated[MessageId, Field(description="The e-mail through which it was booked.")] | None = None
    step_id: StepId | None = None
    triggers_unenroll: (
        Annotated[
            bool,
            Field(
                description="Whether it counts for the sequence; absent: it does if an enrollment or e-mail is named, "
                "or if the organizer is the one who enrolled the contact."
            ),
        ]
        | None
    ) = None


class MeetingCanceled(ContactData):
    """A meeting will not take place. It is counted, and subtracts nothing."""

    type = "meeting.canceled"
    topic = MEETING

    meeting_id: MeetingId
