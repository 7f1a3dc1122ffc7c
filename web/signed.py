"""Events that somebody asks for by way of ours: from our own source, with the token that acted."""

from typing import Final, NamedTuple
from uuid import uuid4

import msgspec

from events.catalog import EventData
from events.envelope import OWN_SOURCE
from events.rfc3339 import format_time
from web.access import Caller

_LONGEST_LABEL: Final = 256


class Signed(NamedTuple):
    """An event to be published; `time` as it stands there."""

    id: str
    time: str
    value: bytes


def signed(data: EventData, time: int, caller: Caller) -> Signed:
    """The event that says it, at a time in ms since 1970 UTC, in the name of the caller."""
    event = {
        "type": data.type,
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": OWN_SOURCE,
        "time": format_time(time),
        "account": caller.account,
        **_actor(caller),
        "data": data.model_dump(mode="json", exclude_none=True),
    }
    return Signed(str(event["id"]), str(event["time"]), msgspec.json.encode(event))


def _actor(caller: Caller) -> dict[str, str]:
    """Who did it, as extension attributes; nobody is known where no token is needed."""
    if caller.token is None:
        return {}
    named = {"actor": caller.token.id, "actorlabel": caller.token.label[:_LONGEST_LABEL]}
    return {name: text for name, text in named.items() if text}
