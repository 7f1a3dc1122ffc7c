"""Reading the envelope of a CloudEvent from a record: structured, binary, or bare JSON in the structured shape."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from events.json_text import MAX_BYTES, read_json
from events.log.record import Headers
from events.refusal import Reason, Refusal
from events.rfc3339 import parse_time

DEFAULT_ACCOUNT = "default"
MAX_ID = 128
MAX_SOURCE = 256
MAX_ACCOUNT = 64
OWN_SOURCE = "tally/dashboard"
"""The source of the events that people publish by way of Tally itself."""

STRUCTURED_CONTENT_TYPE = b"application/cloudevents+json"

_ACCOUNT = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_ACCOUNT}}}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_STRUCTURED = b"application/cloudevents"
_PREFIX = "ce_"
_HEADERS = {_PREFIX + name: name for name in ("specversion", "id", "source", "type", "time", "account")}


class Attributes(NamedTuple):
    """The attributes of an event that matter, checked. `time` is in milliseconds since 1970 UTC."""

    type: str
    account: str
    source: str
    id: str
    time: int


def read_envelope(value: bytes | None, headers: Headers = ()) -> tuple[Attributes, Mapping[str, object]]:
    """The attributes, and the `data` object, which is not yet checked.

    Raises `Refusal`: `too_large`, `not_json` or `not_an_event`, the first that applies.
    """
    if value is not None and len(value) > MAX_BYTES:
        raise Refusal(Reason.TOO_LARGE, f"{len(value)} bytes; at most {MAX_BYTES} are allowed")
    document = read_json(value)
    if not isinstance(document, dict):
        raise Refusal(Reason.NOT_AN_EVENT, f"the value is {kind(document)}, not a JSON object")
    if is_binary(headers):
        return read_attributes(header_attributes(headers)), document
    attributes = read_attributes(document)
    data = document.get("data")
    if not isinstance(data, dict):
        raise _fault("data", f"should be an object, not {kind(data)}")
    return attributes, data


def read_attributes(attributes: Mapping[str, object]) -> Attributes:
    """Check the attributes as they came. Raises `Refusal` (`not_an_event`)."""
    if attributes.get("specversion") != "1.0":
        raise _fault("specversion", f'should be "1.0", not {show(attributes.get("specversion"))}')
    name = attributes.get("type")
    if not isinstance(name, str) or not name:
        raise _fault("type", f"should be the name of an event type, not {show(name)}")
    return Attributes(
        id=_identifier(attributes, "id", MAX_ID),
        source=_identifier(attributes, "source", MAX_SOURCE),
        type=name,
        time=_time(attributes.get("time")),
        account=_account(attributes.get("account")),
    )


def header_attributes(headers: Headers) -> Mapping[str, str]:
    """The attributes in `ce_` headers. Of equal names the last counts, as Kafka's own `lastHeader` has it."""
    contents = {_HEADERS[name]: content for name, content in headers if name in _HEADERS}
    attributes = {}
    for name, content in contents.items():
        try:
            if content is not None:
                attributes[name] = content.decode()
        except UnicodeDecodeError:
            raise _fault(name, f"the header {_PREFIX}{name} is not UTF-8") from None
    return attributes


def is_binary(headers: Headers) -> bool:
    """Whether the attributes are in `ce_` headers. A CloudEvents content type says that they are not, whatever else is there."""
    binary = False
    for name, content in headers:
        if name.startswith(_PREFIX):
            binary = True
        elif name.lower() == "content-type" and (content or b"").lower().startswith(_STRUCTURED):
            return False
    return binary


def is_account(name: str) -> bool:
    """Whether `name` can be an account: 1-64 characters of `A-Z a-z 0-9 . _ -`."""
    return _ACCOUNT.fullmatch(name) is not None


def has_control_character(text: str) -> bool:
    """Whether `text` has a character of the Unicode category Cc, which no id may have."""
    return _CONTROL.search(text) is not None


def show(value: object) -> str:
    """A value for a message: on one line and not too long."""
    if not isinstance(value, str):
        return kind(value)
    text = ascii(value)
    return text if len(text) <= 100 else text[:97] + "..."


def kind(value: object) -> str:
    """What a JSON value is, for a message."""
    kinds: dict[type, str] = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


def _identifier(attributes: Mapping[str, object], name: str, longest: int) -> str:
    text = attributes.get(name)
    if not isinstance(text, str) or not 1 <= len(text) <= longest:
        raise _fault(name, f"should be a string of 1 to {longest} characters, not {show(text)}")
    if has_control_character(text):
        raise _fault(name, f"should have no control characters, not {show(text)}")
    return text


def _time(text: object) -> int:
    if not isinstance(text, str):
        raise _fault("time", f"should be an RFC 3339 time, such as 2026-03-02T10:00:00Z, not {show(text)}")
    try:
        return parse_time(text)
    except ValueError as error:
        raise _fault("time", f"{error}, not {show(text)}") from None


def _account(name: object) -> str:
    if name is None:
        return DEFAULT_ACCOUNT
    if not isinstance(name, str) or not is_account(name):
        raise _fault("account", f"should be 1 to {MAX_ACCOUNT} letters, digits, dots, underscores or hyphens, not {show(name)}")
    return name


def _fault(name: str, message: str) -> Refusal:
    return Refusal(Reason.NOT_AN_EVENT, f"{name}: {message}", field=name)
