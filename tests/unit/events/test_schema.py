from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from events.catalog import CATALOG
from events.schema import json_schema, schema_files, write_schemas
from tests.strategies.events import events, ordinary_data

COMMITTED = Path(__file__).parents[3] / "docs" / "schema"
ALL = jsonschema.Draft202012Validator(json_schema())


def test_the_committed_schemas_are_current() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.glob("*.json")}
    assert committed == schema_files(), "the event types have changed; refresh the copies with `tally schema --write docs/schema`"


def test_schemas_are_written_one_a_type_and_one_for_all(tmp_path: Path) -> None:
    paths = write_schemas(tmp_path / "new" / "schema")
    assert {path.name for path in paths} == {"events.json", *(f"{name}.json" for name in CATALOG)}
    assert {path.name: path.read_text(encoding="utf-8") for path in paths} == schema_files()


@given(events())
def test_every_valid_event_fits_the_schema(event: dict[str, Any]) -> None:
    ALL.validate(event)


@pytest.mark.parametrize("type_name", CATALOG)
def test_the_schema_of_one_type_stands_by_itself(type_name: str) -> None:
    schema = json_schema(type_name)
    jsonschema.Draft202012Validator.check_schema(schema)
    event = {"specversion": "1.0", "id": "1", "source": "m", "type": type_name, "time": "2026-03-02T10:00:00Z"}
    jsonschema.Draft202012Validator(schema).validate(event | {"data": ordinary_data(type_name)})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(event | {"data": {}})


OPENED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "m",
    "type": "email.opened",
    "time": "2026-03-02T10:00:00Z",
    "data": {"contact_id": "c-1", "message_id": "m-1"},
}


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": "a\n"},
        {"id": "x" * 129},
        {"account": ""},
        {"account": "a\n"},
        {"type": "email.read"},
        {"time": None},
        {"data": None},
        {"data": {"contact_id": "c-1"}},
        {"data": {"contact_id": "c-1\x7f", "message_id": "m-1"}},
        {"data": {"contact_id": "c-1", "message_id": "m-1", "sequence_id": "s-1", "enrollment_id": None}},
        {"type": "email.unsubscribed", "data": {"contact_id": "c-1", "message_id": None}},
    ],
)
def test_the_schema_refuses_what_it_can(change: dict[str, Any]) -> None:
    assert ALL.is_valid(OPENED)
    assert not ALL.is_valid(OPENED | change)


def test_an_unknown_type_has_no_schema() -> None:
    with pytest.raises(KeyError):
        json_schema("email.read")
