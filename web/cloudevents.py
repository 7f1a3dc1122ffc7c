"""CloudEvents as HTTP carries them: one in structured or binary mode, or several as a batch."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec
from fastapi import Request

from events.log.record import Headers
from events.refusal import Reason, Refusal
from web import json_array

SINGLE: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
PLAIN: Final = "application/json"
"""The data of an event whose attributes are headers; or, without such headers, a whole event."""
MEDIA_TYPES: Final = (SINGLE, BATCH, PLAIN)
_ATTRIBUTE: Final = b"ce-"
MOST: Final = 10_000
"""Events in one batch."""


class Told(NamedTuple):
    """An event as somebody tells it, in the form of a record: attributes that came as headers are `ce_` headers."""

    value: bytes
    headers: Headers = ()


def read(request: Request, media_type: str, body: bytes) -> Sequence[Told]:
    """The events of a request; whether they are any, is for `judge` to say. Raises `Refusal` for what is no batch."""
    match media_type:
        case "application/cloudevents-batch+json":
            return _batch(body)
        case "application/json":
            return [Told(body, _attributes(request))]
        case _:
            return [Told(body)]


def _batch(body: bytes) -> Sequence[Told]:
    """The texts of the events, as they came."""
    try:
        texts: Sequence[bytes] = [bytes(text) for text in msgspec.json.decode(body, type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        members = json_array.members(body)  # what is wrong within one of them is told of that one
        if members is None:
            raise Refusal(Reason.NOT_JSON, f"the batch is no JSON array of events: {error}") from None
        texts = members
    if len(texts) > MOST:
        raise Refusal(Reason.TOO_LARGE, f"{len(texts):,} events in one batch; at most {MOST:,} are allowed")
    return [Told(text) for text in texts]


def _attributes(request: Request) -> Headers:
    """Percent-encoded, as the HTTP binding has it. Equal names are for `judge`."""
    return tuple(
        (f"ce_{name.removeprefix(_ATTRIBUTE).decode('latin-1')}", unquote_to_bytes(value))
        for name, value in request.headers.raw
        if name.startswith(_ATTRIBUTE)
    )
