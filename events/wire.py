"""The fast decoder of the streams: one msgspec pass over a record, and the few checks that msgspec cannot make.

It must never accept what `judge` refuses, nor read other values. So it accepts only what it is sure of; anything else goes to `judge`,
whose refusal stands, and whose event is read again from its plain form. A differential test holds the two equal.
"""

import re
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec
from msgspec import Struct

from events import wire_data
from events.catalog import CATALOG
from events.envelope import (
    DEFAULT_ACCOUNT,
    STRUCTURED_CONTENT_TYPE,
    header_attributes,
    is_account,
    is_binary,
    read_attributes,
)
from events.json_text import MAX_BYTES, may_nest_too_deep
from events.judgement import EARLIEST, LEAD, judge
from events.log.record import Headers
from events.refusal import Refusal
from events.rfc3339 import parse_time
from events.topics import record_key
from events.wire_data import ContactData, DashboardData, Id, SequenceData, Source, Time, WireData

if TYPE_CHECKING:
    Account = str
else:
    Account = str | None  # as it may come; a reader finds the default in its place


class WireEvent(Struct, gc=False, kw_only=True, tag_field="type"):
    """An event as the streams use it: valid, `time` in milliseconds since 1970 UTC. Each type has a subclass, made from `CATALOG`."""

    type: ClassVar[str]
    topic: ClassVar[str]

    specversion: Literal["1.0"]
    id: Id
    source: Source
    time: Time
    account: Account = DEFAULT_ACCOUNT
    data: WireData


def decode(topic: str, key: bytes | None, value: bytes | None, headers: Headers, stamped_at: int) -> WireEvent:
    """Read and check one record, stamped by the log at `stamped_at` (milliseconds since 1970 UTC). Raises the `Refusal` of `judge`."""
    event = _decode_if_sure(topic, key, value, headers, stamped_at)
    if event is None:
        event = _read(judge(value, headers, topic=topic, key=key, stamped_at=stamped_at).to_json())
    return event


def _decode_if_sure(topic: str, key: bytes | None, value: bytes | None, headers: Headers, stamped_at: int) -> WireEvent | None:
    if value is None or len(value) > MAX_BYTES or may_nest_too_deep(value):
        return None
    if (_BACKSLASH in value or _DELETE in value or not value.isascii()) and not _is_plain(value):
        return None
    try:
        event = _read_binary(value, headers) if headers and headers != _USUAL_HEADERS and is_binary(headers) else _read(value)
    except _UNSURE:
        return None
    if event.topic != topic or not EARLIEST <= event.time <= stamped_at + LEAD:
        return None
    data = event.data
    if isinstance(data, ContactData):
        if (data.enrollment_id is None) is not (data.sequence_id is None):
            return None
        key_id: str | None = data.contact_id
    elif isinstance(data, SequenceData):
        key_id = data.sequence_id
    elif isinstance(data, DashboardData):
        key_id = None
    else:
        return None
    return event if key == record_key(event.account, key_id) else None


def _read(value: bytes) -> WireEvent:
    raw: Any = _DECODER.decode(value)
    raw.time = parse_time(raw.time)
    if raw.account is None:
        raw.account = DEFAULT_ACCOUNT
    elif raw.account != DEFAULT_ACCOUNT:
        _check_account(raw.account)
    event: WireEvent = raw
    return event


def _read_binary(value: bytes, headers: Headers) -> WireEvent:
    attributes = read_attributes(header_attributes(headers))
    return _CLASSES[attributes.type](
        specversion="1.0",
        id=attributes.id,
        source=attributes.source,
        time=attributes.time,
        account=attributes.account,
        data=_DATA_DECODERS[attributes.type].decode(value),
    )


def _is_plain(value: bytes) -> bool:
    """Whether a text with escapes or characters beyond ASCII is UTF-8 throughout, and has no character that an id may not have."""
    if _REMARKABLE.search(value):
        return False
    try:
        # msgspec does not look into the strings of fields that it ignores.
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=4096)
def _check_account(name: str) -> None:
    if not is_account(name):
        raise ValueError("not an account")


_BACKSLASH = ord("\\")
_DELETE = 0x7F
_REMARKABLE = re.compile(
    rb"\\[bfnrt]"  # escaped control characters
    rb"|\\u(?:00[0189]|007[fF]|[dD][89a-fA-F])"  # the same, and surrogates, of which half a pair is not_json
    rb"|\x7f|\xc2[\x80-\x9f]"  # control characters that JSON allows as they are
)
_USUAL_HEADERS: Headers = (("content-type", STRUCTURED_CONTENT_TYPE),)
_UNSURE = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError, KeyError, Refusal)


def _event_class(name: str, data: type[WireData]) -> type[WireEvent]:
    made = msgspec.defstruct(
        f"{data.__name__}Event",
        [("data", data)],
        bases=(WireEvent,),
        namespace={"type": name, "topic": CATALOG[name].topic},
        module=__name__,
        tag=name,
        gc=False,
        kw_only=True,
    )
    assert issubclass(made, WireEvent)
    return made


_DATA: dict[str, type[WireData]] = {name: getattr(wire_data, model.__name__) for name, model in CATALOG.items()}
_DATA_DECODERS = {name: msgspec.json.Decoder(data) for name, data in _DATA.items()}
_CLASSES = {name: _event_class(name, data) for name, data in _DATA.items()}
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reduce(or_, _CLASSES.values()))
