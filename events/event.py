"""An event as a whole: what a mailer makes, and what a judgement returns."""

from dataclasses import dataclass

import msgspec

from events.catalog import EventData
from events.envelope import DEFAULT_ACCOUNT
from events.rfc3339 import format_time
from events.topics import record_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact. `time` is in milliseconds since 1970 UTC; (`account`, `source`, `id`) is its identity.

    An Event made by hand has checked `data` only; `judge` and the publisher check the rest.
    """

    source: str
    id: str
    time: int
    data: EventData
    account: str = DEFAULT_ACCOUNT

    @property
    def type(self) -> str:
        return self.data.type

    @property
    def topic(self) -> str:
        """The topic that this type of event belongs to."""
        return self.data.topic

    @property
    def key(self) -> bytes:
        """The key of its record."""
        return record_key(self.account, self.data.key_id)

    def to_json(self) -> bytes:
        """The event as a structured CloudEvent, without the fields that are null. Raises `OverflowError` outside the years 1 to 9999."""
        return msgspec.json.encode(
            {
                # The type comes first because a reader that chooses by it need not search for it.
                "type": self.type,
                "specversion": "1.0",
                "id": self.id,
                "source": self.source,
                "time": format_time(self.time),
                "account": self.account,
                "data": self.data.model_dump(mode="json", exclude_none=True),
            }
        )
