"""Every reason, in its order, from the reference and from the fast decoder alike."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from events.judgement import judge
from events.log.record import Headers
from events.refusal import Reason, Refusal
from events.wire import decode
from tests.strategies.events import STAMPED_AT

DAY = 86_400_000
ATTRIBUTES: dict[str, Any] = {"specversion": "1.0", "id": "ev-1", "source": "mailer", "time": "2026-03-02T10:00:00Z"}
OPENED = ATTRIBUTES | {"type": "email.opened", "data": {"contact_id": "c-1", "message_id": "m-1"}}
DEFINITION: dict[str, Any] = {"sequence_id": "s-1", "name": "", "version": 1, "steps": []}
DEFINED = ATTRIBUTES | {"type": "sequence.defined", "data": DEFINITION}

Reader = Callable[[str, bytes | None, bytes | None, int], object]


def _judge(topic: str, key: bytes | None, value: bytes | None, stamped_at: int) -> object:
    return judge(value, topic=topic, key=key, stamped_at=stamped_at)


def _decode(topic: str, key: bytes | None, value: bytes | None, stamped_at: int) -> object:
    return decode(topic, key, value, (), stamped_at)


@pytest.fixture(params=[_judge, _decode], ids=["reference", "wire"])
def reader(request: pytest.FixtureRequest) -> Reader:
    found: Reader = request.param
    return found


def refusal(
    reader: Reader, event: Any, *, topic: str = "email-events", key: bytes | None = b"default/c-1", stamped_at: int = STAMPED_AT
) -> Refusal:
    value = event if isinstance(event, bytes) else json.dumps(event).encode()
    with pytest.raises(Refusal) as caught:
        reader(topic, key, value, stamped_at)
    return caught.value


# Each fault makes one more thing wrong about the same event; the faults of the later rows are still there.
FAULTS: list[tuple[Reason, str | None, Callable[[Any], Any]]] = [
    (Reason.TIME_OUT_OF_RANGE, "time", lambda event: event | {"time": "1999-12-31T23:59:59Z"}),
    (Reason.WRONG_KEY, None, lambda event: event | {"account": "acme"}),
    (Reason.WRONG_TOPIC, None, lambda event: event | {"type": "meeting.canceled", "data": event["data"] | {"meeting_id": "x"}}),
    (Reason.INVALID_DATA, "data.contact_id", lambda event: event | {"data": event["data"] | {"contact_id": 5}}),
    (Reason.UNKNOWN_TYPE, "type", lambda event: event | {"type": "email.read"}),
    (Reason.NOT_AN_EVENT, "id", lambda event: event | {"id": ""}),
    (Reason.NOT_JSON, None, lambda event: json.dumps(event).encode() + b","),
    (Reason.TOO_LARGE, None, lambda event: event + b" " * 65_536),
]


@pytest.mark.parametrize("faults", range(1, len(FAULTS) + 1))
def test_of_several_faults_the_first_in_the_order_of_the_contract_is_named(reader: Reader, faults: int) -> None:
    event: Any = OPENED
    for _, _, make in FAULTS[:faults]:
        event = make(event)
    reason, field, _ = FAULTS[faults - 1]
    refused = refusal(reader, event)
    assert (refused.reason, refused.field) == (reason, field)
    assert "\n" not in refused.detail
    if field is not None:
        assert field in refused.detail


def test_the_faults_above_are_all_reasons_in_order() -> None:
    assert [reason for reason, _, _ in reversed(FAULTS)] == list(Reason)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"contact_id": "c-1"}, "data.message_id"),
        ({"contact_id": "c-1", "message_id": "m-1", "machine": "yes"}, "data.machine"),
        ({"contact_id": "c-1", "message_id": "m-1", "machine": 0}, "data.machine"),
        ({"contact_id": "c-1", "message_id": "m\x7f"}, "data.message_id"),
        ({"contact_id": "c-1", "message_id": "m\u0085"}, "data.message_id"),
        ({"contact_id": "c-1", "message_id": "m-1", "sequence_id": "s-1"}, "data.enrollment_id"),
        ({"contact_id": "c-1", "message_id": "m-1", "enrollment_id": "e-1"}, "data.sequence_id"),
        ({"contact_id": "c-1", "message_id": "m-1", "ip": 1}, "data.ip"),
    ],
)
def test_invalid_data_names_the_field(reader: Reader, data: dict[str, Any], field: str) -> None:
    for event in (json.dumps(OPENED | {"data": data}).encode(), json.dumps(OPENED | {"data": data}, ensure_ascii=False).encode()):
        refused = refusal(reader, event)
        assert (refused.reason, refused.field) == (Reason.INVALID_DATA, field)
        assert refused.detail.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": [{"step_id": "a", "order": 1.0, "kind": "call", "name": ""}]}, "data.steps.0.order"),
        ({"steps": [{"step_id": "a", "order": True, "kind": "call", "name": ""}]}, "data.steps.0.order"),
        ({"steps": [{"step_id": "a", "order": order, "kind": "call", "name": ""} for order in (1, 2)]}, "data.steps"),
        ({"version": 1.0}, "data.version"),
        ({"version": 10**30}, "data.version"),
        ({"created_at": "2026-03-02"}, "data.created_at"),
        ({"created_at": 1_772_445_600_000}, "data.created_at"),
        ({"created_at": "0000-12-31T23:59:59Z"}, "data.created_at"),
    ],
)
def test_invalid_data_of_a_sequence_names_the_field(reader: Reader, change: dict[str, Any], field: str) -> None:
    refused = refusal(reader, DEFINED | {"data": DEFINITION | change}, topic="sequence-events", key=b"default/s-1")
    assert (refused.reason, refused.field) == (Reason.INVALID_DATA, field)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cards": [{"title": "x"}]}, "data.cards.0.report"),
        ({"cards": [{"report": ""}]}, "data.cards.0.report"),
        ({"cards": [{"report": "steps", "title": 1}]}, "data.cards.0.title"),
        ({"cards": [{"report": "steps"}, {"report": "steps", "parameters": []}]}, "data.cards.1.parameters"),
        ({"cards": [{"report": "steps", "parameters": {"team": 1}}]}, "data.cards.0.parameters.team"),
        ({"cards": [{"report": "steps", "parameters": {"team": ["t-1", None]}}]}, "data.cards.0.parameters.team.1"),
        ({"cards": {}}, "data.cards"),
        ({"name": None}, "data.name"),
        ({"dashboard_id": "d\n"}, "data.dashboard_id"),
    ],
)
def test_invalid_data_of_a_dashboard_names_the_field(reader: Reader, change: dict[str, Any], field: str) -> None:
    saved = ATTRIBUTES | {"type": "dashboard.saved", "data": {"dashboard_id": "d-1", "name": "", "cards": []} | change}
    refused = refusal(reader, saved, topic="dashboard-events", key=b"default")
    assert (refused.reason, refused.field) == (Reason.INVALID_DATA, field)


@pytest.mark.parametrize("key", [b"default/d-1", b"default/", b"acme", None])
def test_the_key_of_a_dashboard_is_the_account_alone(reader: Reader, key: bytes | None) -> None:
    deleted = ATTRIBUTES | {"type": "dashboard.deleted", "data": {"dashboard_id": "d-1"}}
    reader("dashboard-events", b"default", json.dumps(deleted).encode(), STAMPED_AT)
    assert refusal(reader, deleted, topic="dashboard-events", key=key).reason == Reason.WRONG_KEY


@pytest.mark.parametrize("key", [None, b"", b"c-1", b"default/c-2", b"acme/c-1", b"default/c-1 ", b"\xff"])
def test_another_key_is_refused(reader: Reader, key: bytes | None) -> None:
    assert refusal(reader, OPENED, key=key).reason == Reason.WRONG_KEY


@pytest.mark.parametrize(("time", "valid"), [("1999-12-31T23:59:59.999Z", False), ("2000-01-01T01:00:00.000+01:00", True)])
def test_time_begins_with_the_year_2000(reader: Reader, time: str, valid: bool) -> None:
    _check_time(reader, time, valid)


@pytest.mark.parametrize(("time", "valid"), [("2026-03-03T10:00:00.0009Z", True), ("2026-03-03T10:00:00.001Z", False)])
def test_time_ends_24_hours_after_the_stamp_once_it_is_cut(reader: Reader, time: str, valid: bool) -> None:
    _check_time(reader, time, valid)


def _check_time(reader: Reader, time: str, valid: bool) -> None:
    event = OPENED | {"time": time}
    if valid:
        reader("email-events", b"default/c-1", json.dumps(event).encode(), STAMPED_AT)
    else:
        assert refusal(reader, event).reason == Reason.TIME_OUT_OF_RANGE


def test_time_is_held_against_the_stamp_and_not_against_a_clock(reader: Reader) -> None:
    assert refusal(reader, OPENED, stamped_at=STAMPED_AT - DAY - 1).reason == Reason.TIME_OUT_OF_RANGE
    reader("email-events", b"default/c-1", json.dumps(OPENED).encode(), STAMPED_AT - DAY)
    reader("email-events", b"default/c-1", json.dumps(OPENED).encode(), STAMPED_AT + 10_000 * DAY)


def test_a_record_without_a_value_is_not_json(reader: Reader) -> None:
    with pytest.raises(Refusal) as caught:
        reader("email-events", b"default/c-1", None, STAMPED_AT)
    assert caught.value.reason == Reason.NOT_JSON


def test_a_publisher_chooses_topic_and_key() -> None:
    event = judge(json.dumps(OPENED).encode(), stamped_at=STAMPED_AT)
    assert (event.topic, event.key) == ("email-events", b"default/c-1")
    with pytest.raises(Refusal, match="wrong_key"):
        judge(json.dumps(OPENED).encode(), key=b"x", stamped_at=STAMPED_AT)


def test_details_stay_on_one_short_line(reader: Reader) -> None:
    long = "\n\x00é" * 5_000
    for change in ({"id": long}, {"type": long}, {"time": long}, {"account": long}, {"source": long}):
        assert len(refusal(reader, OPENED | change).detail) < 300
        assert refusal(reader, OPENED | change).detail.isprintable()


def test_a_deep_stack_of_the_caller_does_not_make_an_event_bad() -> None:
    headers: Headers = ()
    event: dict[str, Any] = {"x": 1}
    for _ in range(200):
        event = {"x": event}
    value = json.dumps(OPENED | event).encode()
    assert decode("email-events", b"default/c-1", value, headers, STAMPED_AT).id == "ev-1"
