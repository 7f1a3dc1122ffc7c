"""The fast decoder accepts and refuses exactly what the reference judgement does, for the same reasons, and reads the same values."""

import json
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import event as note
from hypothesis import strategies as st
from pydantic import BaseModel

from events import wire
from events.event import Event
from events.judgement import judge
from events.log.record import Headers
from events.refusal import Reason, Refusal
from events.rfc3339 import to_milliseconds
from events.wire import WireEvent, decode
from tests.strategies.events import (
    ENCODINGS,
    STAMPED_AT,
    TYPES,
    Encoding,
    encode,
    events,
    key_of,
    ordinary_data,
    rarely,
    topic_of,
)
from tests.strategies.mutations import mutations, scratches

Judged = tuple[str, bytes | None, bytes | None, Headers]
ACCEPTED = "accepted"
EXAMPLES = settings().max_examples


def plain(value: Any) -> Any:
    """What was read, without the classes that hold it: times in milliseconds."""
    if isinstance(value, Event | WireEvent):
        attributes = {name: getattr(value, name) for name in ("type", "topic", "account", "source", "id", "time")}
        return attributes | {"data": plain(value.data)}
    if isinstance(value, datetime):
        return (int, to_milliseconds(value))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    return (type(value), value)


def by_reference(topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> tuple[object, ...]:
    try:
        return ACCEPTED, plain(judge(value, headers, topic=topic, key=key, stamped_at=STAMPED_AT))
    except Refusal as refusal:
        return refusal.reason, refusal.detail, refusal.field


def by_wire(topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> tuple[object, ...]:
    try:
        return ACCEPTED, plain(decode(topic, key, value, headers, STAMPED_AT))
    except Refusal as refusal:
        return refusal.reason, refusal.detail, refusal.field


@st.composite
def valid_records(draw: st.DrawFn) -> Judged:
    event = draw(events())
    value, headers = encode(event, draw(st.sampled_from(ENCODINGS)), ascii_only=draw(st.booleans()))
    return topic_of(event), key_of(event), value, headers


@st.composite
def odd_records(draw: st.DrawFn) -> Judged:
    event = draw(events())
    topic: str = topic_of(event)
    key: bytes | None = key_of(event)
    if draw(st.booleans()):
        event = draw(mutations(event))
        topic, key = topic_of(event), key_of(event)
    value, headers = encode(event, draw(st.sampled_from(ENCODINGS)), ascii_only=draw(st.booleans()))
    if draw(st.booleans()):
        value = draw(scratches(value))
    if draw(rarely()) and draw(rarely()):
        value += b" " * draw(st.sampled_from([65_536, 65_537, 65_536 - len(value), 65_537 - len(value)]))
    if draw(rarely()):
        topic = draw(st.sampled_from(["email-events", "sequence-events", "dashboard-events", "quarantine"]))
    if draw(rarely()):
        key = draw(st.none() | st.sampled_from([b"", b"default/", b"\xff", b"default/c-1", b"default"]))
    if draw(rarely()):
        headers = draw(st.lists(st.tuples(st.sampled_from(HEADERS), st.sampled_from(CONTENTS)), max_size=4).map(tuple)) + headers
    return topic, key, value, headers


HEADERS = ["ce_id", "ce_time", "ce_account", "ce_specversion", "ce_type", "ce_x", "CE_id", "content-type", "Content-Type", "traceparent"]
CONTENTS = [b"", b"1.0", b"x", b"\x00", b"\xff", b"email.opened", b"application/cloudevents+json", b"Application/CloudEvents", b"x" * 129]


@settings(max_examples=6 * EXAMPLES)
@given(valid_records())
def test_a_valid_event_is_accepted_and_read_alike(record: Judged) -> None:
    reference = by_reference(*record)
    assert reference[0] == ACCEPTED
    assert by_wire(*record) == reference


@settings(max_examples=12 * EXAMPLES)
@given(odd_records())
def test_an_odd_record_is_judged_and_read_alike(record: Judged) -> None:
    reference = by_reference(*record)
    note(str(reference[0]))
    assert by_wire(*record) == reference


@given(
    st.binary(max_size=60) | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_random_bytes_are_refused_alike(value: bytes) -> None:
    record: Judged = ("email-events", b"default/c-1", value, ())
    reference = by_reference(*record)
    assert reference[0] in (Reason.NOT_JSON, Reason.NOT_AN_EVENT)
    assert by_wire(*record) == reference


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("type_name", TYPES)
def test_an_ordinary_event_does_not_need_the_reference(type_name: str, encoding: Encoding, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the comparison would be between the reference and itself, and the streams slow."""

    def never(*_arguments: object, **_named: object) -> Event:
        raise AssertionError("the reference was asked")

    attributes = {"specversion": "1.0", "id": "1", "source": "m", "type": type_name, "time": "2026-03-02T09:00:00.250+01:00"}
    event = attributes | {"data": ordinary_data(type_name)}
    record = (topic_of(event), key_of(event), *encode(event, encoding))
    reference = by_reference(*record)
    monkeypatch.setattr(wire, "judge", never)
    assert by_wire(*record) == reference
    assert reference[0] == ACCEPTED


NAMED = {"contact_id": "c-1", "enrollment_id": "e-1", "sequence_id": "s-1"}
OPENED = {"type": "email.opened", "data": {"contact_id": "c-1", "message_id": "m-1"}}
STARTED = {"type": "enrollment.started", "data": NAMED}
STEP = {"step_id": "st-1", "order": 1, "kind": "call", "name": ""}
OPT_OUT = {"type": "email.unsubscribed", "data": {"contact_id": "c-1", "step_id": "st-1"}}
DEFINED = {"type": "sequence.defined", "data": {"sequence_id": "s-1", "name": "", "version": 1, "steps": [STEP]}}
SAVED = {
    "type": "dashboard.saved",
    "data": {"dashboard_id": "d-1", "name": "", "cards": [{"report": "steps", "parameters": {"team": ["t-1"]}}]},
}
RECLASSIFIED = {"type": "engagement.reclassified", "data": {"contact_id": "c-1", "machine": True, "events": [{"source": "m", "id": "1"}]}}


# Where msgspec by itself is milder than the contract: the event, what stands in it once, and what is put in its place.
TRAPS: list[tuple[Any, bytes, bytes, str]] = [
    (OPENED, b'"m-1"', b'"m-1","sequence_id":"s-1"', Reason.INVALID_DATA),
    (OPENED, b'"m-1"', b'"m-1","enrollment_id":"e-1","sequence_id":null', Reason.INVALID_DATA),
    *((OPENED, b'"m-1"', b'"m' + control + b'"', Reason.INVALID_DATA) for control in (b"\x7f", b"\xc2\x80", b"\xc2\x9f")),
    *(
        (OPENED, b'"m-1"', b'"m' + control + b'"', Reason.INVALID_DATA)
        for control in (b"\\n", b"\\u0000", b"\\u001F", b"\\u007f", b"\\u009F")
    ),
    (OPENED, b'"m-1"', b'"m\xc2\xa0\\/\\\\u0001"', ACCEPTED),
    (OPENED, b'"ev-1"', b'"ev\x7f"', Reason.NOT_AN_EVENT),
    (OPENED, b'"mailer"', b'"mailer\\t"', Reason.NOT_AN_EVENT),
    (RECLASSIFIED, b'"1"', b'"1\x7f"', Reason.INVALID_DATA),
    (DEFINED, b'"st-1"', b'"st\xc2\x85"', Reason.INVALID_DATA),
    (DEFINED, b'"order":1', b'"order":1.0', Reason.INVALID_DATA),
    (DEFINED, b'"version":1', b'"version":1e0', Reason.INVALID_DATA),
    (DEFINED, b'"version":1', b'"version":9223372036854775808', Reason.INVALID_DATA),
    (DEFINED, b'"version":1', b'"version":9223372036854775807', ACCEPTED),
    (SAVED, b'"t-1"', b'"t-1",null', Reason.INVALID_DATA),
    (SAVED, b'["t-1"]', b"7", Reason.INVALID_DATA),
    (SAVED, b'["t-1"]', b"null", ACCEPTED),
    (SAVED, b'["t-1"]', b'"t-1","team":7', Reason.INVALID_DATA),
    (SAVED, b'["t-1"]', b'7,"team":"t-1"', ACCEPTED),
    (SAVED, b'{"team":["t-1"]}', b"[]", Reason.INVALID_DATA),
    (SAVED, b'"steps"', b'"steps\x7f"', Reason.INVALID_DATA),
    (SAVED, b'"t-1"', b'"t\x7f"', ACCEPTED),
    (STARTED, b'"s-1"', b'"s-1","sequence_version":1.0', Reason.INVALID_DATA),
    (STARTED, b'"s-1"', b'"s-1","sequence_version":-9223372036854775809', Reason.INVALID_DATA),
    (STARTED, b'"s-1"', b'"s-1","sequence_version":-9223372036854775808', ACCEPTED),
    (DEFINED, b'"version":1', b'"version":1,"created_at":"0000-12-31T23:59:59Z"', Reason.INVALID_DATA),
    (DEFINED, b'"version":1', b'"version":1,"created_at":"9999-12-31T23:59:59-00:01"', Reason.INVALID_DATA),
    (OPENED, b'"ev-1"', b'"ev-1","x":"\xff"', Reason.NOT_JSON),
    (OPENED, b'"ev-1"', b'"ev-1","\xed\xa0\x80":1', Reason.NOT_JSON),
    (OPENED, b'"ev-1"', b'"ev-1","x":"\\ud800"', Reason.NOT_JSON),
    (OPENED, b'"ev-1"', b'"ev-1","x":"\\ud83d\\ude00"', ACCEPTED),
    (OPENED, b'"ev-1"', b'"ev-1","x":' + b"[" * 250 + b"]" * 250, Reason.NOT_JSON),
    (OPENED, b'"ev-1"', b'"ev-1","x":' + b"[" * 249 + b"]" * 249, ACCEPTED),
    (OPENED, b'"ev-1"', b'"ev-1","x":"' + b"[" * 500 + b'"', ACCEPTED),
    (OPENED, b'"ev-1"', b'"ev-1","x":' + b"9" * 5000, ACCEPTED),
    (OPENED, b'"ev-1"', b'"ev-1","account":"a\\n"', Reason.NOT_AN_EVENT),
    (OPENED, b'"ev-1"', b'"ev-1","account":""', Reason.NOT_AN_EVENT),
    (OPENED, b'"ev-1"', b'"ev-1","type":"email.clicked"', ACCEPTED),
    (OPENED, b'"ev-1"', b'5,"id":"ev-1"', ACCEPTED),
    (OPENED | {"account": "a b"}, b'"ev-1"', b'"ev-1"', Reason.NOT_AN_EVENT),
    (OPENED | {"account": "x" * 65}, b'"ev-1"', b'"ev-1"', Reason.NOT_AN_EVENT),
    (OPT_OUT, b'"step_id":"st-1"', b'"step_id":null', Reason.INVALID_DATA),
    (OPT_OUT, b'"step_id":"st-1"', b'"message_id":"m-1"', ACCEPTED),
    (DEFINED, b'"order":1', b'"order":0', Reason.INVALID_DATA),
    (OPENED, b'"1.0"', b"1.0", Reason.NOT_AN_EVENT),
]


@pytest.mark.parametrize(("event", "there", "instead", "outcome"), TRAPS)
def test_where_msgspec_is_milder_the_reference_decides(event: dict[str, Any], there: bytes, instead: bytes, outcome: str) -> None:
    attributes = {"specversion": "1.0", "id": "ev-1", "source": "mailer", "time": "2026-03-02T10:00:00Z"}
    value, headers = encode(attributes | event, "bare")
    assert value.count(there) == 1
    record = (topic_of(event), key_of(event), value.replace(there, instead), headers)
    reference = by_reference(*record)
    assert reference[0] == outcome
    assert by_wire(*record) == reference


@pytest.mark.parametrize("outcome", [ACCEPTED, *Reason])
def test_the_odd_records_lead_to_every_outcome(outcome: str) -> None:
    thorough = settings(max_examples=50_000, phases=[Phase.generate])
    # Only the outcome is looked for: a printed record of 64 KiB would be a warning.
    assert find(odd_records().map(lambda record: str(by_reference(*record)[0])), lambda found: found == outcome, settings=thorough)
