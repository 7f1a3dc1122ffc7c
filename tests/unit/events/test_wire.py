import json
from typing import Any, get_type_hints

import msgspec
import pytest

from events import wire_data
from events.catalog import CATALOG
from events.wire import decode
from tests.strategies.events import STAMPED_AT, encode, key_of, ordinary_data, topic_of


def record(type_name: str, **changes: Any) -> tuple[str, bytes, bytes]:
    event = {"specversion": "1.0", "id": "ev-1", "source": "mailer", "type": type_name, "time": "2026-03-02T10:00:00Z"}
    event |= {"data": ordinary_data(type_name) | changes.pop("data", {})} | changes
    return topic_of(event), key_of(event), encode(event, "bare")[0]


@pytest.mark.parametrize("type_name", CATALOG)
def test_the_data_has_the_fields_of_the_catalog(type_name: str) -> None:
    model = CATALOG[type_name]
    data = getattr(wire_data, model.__name__)
    assert set(data.__struct_fields__) == set(model.model_fields)
    required = {field.name for field in msgspec.structs.fields(data) if field.required}
    assert required == {name for name, info in model.model_fields.items() if info.is_required()}
    assert not get_type_hints(data).keys() - set(model.model_fields)


def test_an_event_is_read() -> None:
    event = decode(*record("email.sent", time="2026-03-02T12:00:00.1239+02:00"), (), STAMPED_AT)
    assert (event.type, event.topic, event.account) == ("email.sent", "email-events", "default")
    assert (event.source, event.id, event.time) == ("mailer", "ev-1", STAMPED_AT + 123)
    assert event.data == wire_data.EmailSent(
        contact_id="contact-1",
        enrollment_id="enrollment-1",
        sequence_id="sequence-1",
        message_id="message-1",
        step_id="step-1",
        variant="variant-1",
    )


def test_times_in_data_are_milliseconds() -> None:
    event = decode(*record("sequence.defined", data={"created_at": "1969-12-31T23:59:59.9999Z"}), (), STAMPED_AT)
    assert isinstance(event.data, wire_data.SequenceDefined)
    assert event.data.created_at == -1
    assert event.data.steps == [wire_data.SequenceStep(step_id="st-1", order=1, kind="call", name="Call")]


def test_parameters_of_a_card_are_lists_and_null_ones_are_absent() -> None:
    cards = [{"report": "steps", "parameters": {"sequence_id": "s-1", "team": ["t-1", "t-2"], "basis": None}}, {"report": "analyze"}]
    event = decode(*record("dashboard.saved", data={"cards": cards}), (), STAMPED_AT)
    assert isinstance(event.data, wire_data.DashboardSaved)
    assert [card.parameters for card in event.data.cards] == [{"sequence_id": ["s-1"], "team": ["t-1", "t-2"]}, None]


def test_null_is_absent() -> None:
    event = decode(*record("email.opened", account=None, data={"machine": None, "ip": None, "step_id": None}), (), STAMPED_AT)
    assert isinstance(event.data, wire_data.EmailOpened)
    assert (event.account, event.data.machine, event.data.ip, event.data.step_id) == ("default", None, None, None)


def test_data_can_be_made_by_hand_with_times_in_milliseconds() -> None:
    assert wire_data.EnrollmentScheduled(contact_id="c", enrollment_id="e", sequence_id="s", start_at=5).start_at == 5


@pytest.mark.parametrize("name", ["José", "line\nbreak", "\x7f", "\U0001f600", "tab\\t", "\u0085"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_text_of_any_kind_is_read_as_it_is(name: str, ascii_only: bool) -> None:
    topic, key, value = record("contact.updated", data={"name": name})
    event = decode(topic, key, json.dumps(json.loads(value), ensure_ascii=ascii_only).encode(), (), STAMPED_AT)
    assert isinstance(event.data, wire_data.ContactUpdated)
    assert event.data.name == name


def test_escaped_names_of_fields_are_read() -> None:
    topic, key, value = record("email.opened")
    escaped = value.replace(b'"type"', b'"\\u0074ype"').replace(b'"contact_id"', b'"contact\\u005fid"')
    assert decode(topic, key, escaped, (), STAMPED_AT) == decode(topic, key, value, (), STAMPED_AT)
