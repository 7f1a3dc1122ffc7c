from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from events.catalog import CATALOG, EmailReplied, EmailSent, EnrollmentScheduled, EventData, SequenceDefined
from events.event import Event
from events.judgement import judge
from tests.strategies.events import SHAPES, STAMPED_AT, ordinary_data

ORDINARY = {type_name: ordinary_data(type_name) for type_name in SHAPES}


def test_the_catalog_has_the_types_of_the_contract_in_their_topics() -> None:
    assert {name: model.topic for name, model in CATALOG.items()} == {name: shape.topic for name, shape in SHAPES.items()}


@pytest.mark.parametrize("type_name", SHAPES)
def test_a_type_has_the_fields_of_the_contract(type_name: str) -> None:
    names = set(ordinary_data(type_name)) | ({"enrollment_id", "sequence_id"} if "contact_id" in ordinary_data(type_name) else set())
    assert set(CATALOG[type_name].model_fields) == names


@pytest.mark.parametrize("type_name", SHAPES)
def test_a_field_is_required_exactly_where_the_contract_says(type_name: str) -> None:
    model = CATALOG[type_name]
    required = {{"end_reason": "reason", "bounce_kind": "kind"}.get(name, name) for name in SHAPES[type_name].required}
    assert {name for name, info in model.model_fields.items() if info.is_required()} == required


@pytest.mark.parametrize("type_name", SHAPES)
def test_every_type_and_field_is_described(type_name: str) -> None:
    model = CATALOG[type_name]
    assert model.__doc__
    assert model.__doc__ != EventData.__doc__
    schema = model.model_json_schema()
    for name, info in schema["properties"].items():
        described = info.get("description") or [kind.get("description") for kind in info.get("anyOf", [])]
        assert described, f"{type_name}.{name} has no description"


ID_FIELDS = sorted(
    {
        (type_name, name)
        for type_name, data in ORDINARY.items()
        for name in data
        if name.endswith("_id") or name in ("variant", "organizer", "enrolled_by")
    }
)


@pytest.mark.parametrize(("type_name", "name"), ID_FIELDS)
def test_every_id_has_1_to_128_code_points_without_control_characters(type_name: str, name: str) -> None:
    data = ORDINARY[type_name]
    for good in ("x", "x" * 128, "\U0001f600" * 128, " ", "a/b", "\u200b\u2028\xa0"):
        assert getattr(CATALOG[type_name].model_validate(data | {name: good}), name) == good
    wrong: tuple[Any, ...] = ("", "x" * 129, "\U0001f600" * 129, "\x00", "a\n", "\x1f", "\x7f", "\x80", "\x9f", 1, True, ["x"], {})
    for bad in wrong:
        with pytest.raises(ValidationError):
            CATALOG[type_name].model_validate(data | {name: bad})


WRONG: dict[type, tuple[Any, ...]] = {
    str: (1, 1.5, True, [], {}),
    int: (1.0, True, "1", [], {}, 2**63, -(2**63) - 1),
    bool: (0, 1, "true", 1.0, []),
    list: ({}, "x", 1, [1], [None], [[]]),
}


@pytest.mark.parametrize(("type_name", "name"), [(type_name, name) for type_name, data in ORDINARY.items() for name in data])
def test_a_value_of_another_type_is_refused_and_not_converted(type_name: str, name: str) -> None:
    for wrong in WRONG[type(ORDINARY[type_name][name])]:
        with pytest.raises(ValidationError):
            CATALOG[type_name].model_validate(ORDINARY[type_name] | {name: wrong})


@pytest.mark.parametrize("type_name", [name for name, data in ORDINARY.items() if "contact_id" in data])
def test_the_ids_of_an_enrollment_come_together_or_not_at_all(type_name: str) -> None:
    without = {name: value for name, value in ORDINARY[type_name].items() if name not in ("enrollment_id", "sequence_id")}
    for alone in ({"enrollment_id": "e-1"}, {"sequence_id": "s-1"}, {"enrollment_id": "e-1", "sequence_id": None}):
        with pytest.raises(ValidationError):
            CATALOG[type_name].model_validate(without | alone)
    CATALOG[type_name].model_validate(without | {"enrollment_id": "e-1", "sequence_id": "s-1"})


@pytest.mark.parametrize("type_name", ["email.unsubscribed", "email.complained"])
def test_an_opt_out_names_a_message_or_an_enrollment(type_name: str) -> None:
    model = CATALOG[type_name]
    model.model_validate({"contact_id": "c-1", "message_id": "m-1"})
    model.model_validate({"contact_id": "c-1", "enrollment_id": "e-1", "sequence_id": "s-1"})
    with pytest.raises(ValidationError):
        model.model_validate({"contact_id": "c-1"})
    with pytest.raises(ValidationError):
        model.model_validate({"contact_id": "c-1", "message_id": "m-1", "sequence_id": "s-1"})


def _step(**changes: Any) -> dict[str, Any]:
    return {"step_id": "st-1", "order": 1, "kind": "call", "name": ""} | changes


def _definition(*steps: dict[str, Any], version: Any = 1) -> dict[str, Any]:
    return {"sequence_id": "s-1", "name": "", "version": version, "steps": list(steps)}


def test_steps_may_be_none_and_have_gaps_in_their_order() -> None:
    assert SequenceDefined.model_validate(_definition()).steps == []
    assert len(SequenceDefined.model_validate(_definition(_step(order=7), _step(step_id="st-2", order=3))).steps) == 2


@pytest.mark.parametrize(
    "definition",
    [
        _definition(_step(), _step(order=2)),
        _definition(_step(), _step(step_id="st-2")),
        _definition(_step(order=0)),
        _definition(_step(order=1.0)),
        _definition(_step(kind="fax")),
        _definition(_step(name=None)),
        _definition(_step(step_id="")),
        _definition({}),
        _definition(version=0),
        _definition(version=2**63),
    ],
)
def test_a_definition_that_cannot_be_is_refused(definition: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SequenceDefined.model_validate(definition)


@pytest.mark.parametrize(
    ("type_name", "name"),
    [("enrollment.unenrolled", "reason"), ("email.bounced", "kind"), ("email.replied", "sentiment"), ("email.auto_replied", "sentiment")],
)
def test_a_value_from_a_list_is_on_the_list(type_name: str, name: str) -> None:
    for wrong in ("", "other", "Replied", "HARD", " positive"):
        with pytest.raises(ValidationError):
            CATALOG[type_name].model_validate(ORDINARY[type_name] | {name: wrong})


def test_a_time_in_python_is_an_aware_datetime_cut_to_the_millisecond() -> None:
    cet = timezone(timedelta(hours=1))
    names = {"contact_id": "c", "enrollment_id": "e", "sequence_id": "s"}
    scheduled = EnrollmentScheduled(
        contact_id="c", enrollment_id="e", sequence_id="s", start_at=datetime(2026, 3, 2, 11, 0, 0, 999_999, tzinfo=cet)
    )
    assert scheduled.start_at == datetime(2026, 3, 2, 10, 0, 0, 999_000, tzinfo=UTC)
    assert scheduled == EnrollmentScheduled.model_validate(names | {"start_at": "2026-03-02T10:00:00.9999Z"})
    for wrong in (datetime(2026, 3, 2), 1_772_445_600_000, "2026-03-02", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-00:01"):  # noqa: DTZ001
        with pytest.raises(ValidationError):
            EnrollmentScheduled.model_validate(names | {"start_at": wrong})


def test_data_cannot_be_changed_and_unknown_fields_are_dropped() -> None:
    data = EmailReplied.model_validate({"contact_id": "c-1", "shoe_size": 43})
    assert data.model_dump(exclude_none=True) == {"contact_id": "c-1"}
    with pytest.raises(ValidationError, match="frozen"):
        data.contact_id = "c-2"  # type: ignore[misc]


@pytest.mark.parametrize("type_name", SHAPES)
def test_an_event_survives_being_written_and_read(type_name: str) -> None:
    data = CATALOG[type_name].model_validate(ORDINARY[type_name])
    event = Event(source="mailer", id="ev-1", time=STAMPED_AT, account="acme", data=data)
    assert judge(event.to_json(), topic=event.topic, key=event.key, stamped_at=STAMPED_AT) == event


def test_an_event_knows_its_type_topic_and_key() -> None:
    data = EmailSent(contact_id="c-1", enrollment_id="e-1", sequence_id="s-1", message_id="m-1", step_id="st-1")
    event = Event(source="mailer", id="ev-1", time=STAMPED_AT, data=data)
    assert (event.type, event.topic, event.key) == ("email.sent", "email-events", b"default/c-1")
