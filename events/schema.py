"""The JSON Schema of the events, made from the catalog, for mailers that are not written in Python.

Three rules lie beyond it: that no two steps are alike, that an event is at most a day ahead of the log, and that 1.0 is no integer.
"""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from events.catalog import CATALOG, EventData
from events.catalog.fields import NO_CONTROL_CHARACTERS
from events.envelope import DEFAULT_ACCOUNT, MAX_ACCOUNT, MAX_ID, MAX_SOURCE
from events.topics import key_rule

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(type: str | None = None) -> dict[str, Any]:
    """The schema of structured events of one type, or of all. Raises `KeyError` for a type that is not in the catalog."""
    names = list(CATALOG) if type is None else [type]
    refs, shared = models_json_schema([(CATALOG[name], "validation") for name in names], schema_generator=_WithoutTitles)
    shapes = {name: _event(CATALOG[name], refs[CATALOG[name], "validation"]) for name in names}
    definitions = shared.get("$defs", {})
    if type is not None:
        return {"$schema": _DIALECT, **shapes[type], "$defs": definitions}
    return {
        "$schema": _DIALECT,
        "title": "Events",
        "description": "Any event, as a structured CloudEvent.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in names],
        "$defs": {**shapes, **definitions},
    }


def schema_files() -> dict[str, str]:
    """The text of every schema file by its name: `TYPE.json` for each type, and `events.json` for all."""
    schemas = {"events.json": json_schema(), **{f"{name}.json": json_schema(name) for name in CATALOG}}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in schemas.items()}


def write_schemas(folder: Path) -> list[Path]:
    """Write all schema files into `folder`, which is made if it is not there, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in schema_files().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


class _WithoutTitles(GenerateJsonSchema):
    """pydantic would give each field a title that repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False


def _event(model: type[EventData], data: JsonSchemaValue) -> dict[str, Any]:
    return {
        "title": model.type,
        "description": f"{model.__doc__} Topic `{model.topic}`, {key_rule(model.topic)}",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": _identifier(MAX_ID, "With account and source the identity of the event: equal identities are one event."),
            "source": _identifier(MAX_SOURCE, "The program that reports the event."),
            "type": {"const": model.type},
            "time": {
                "type": "string",
                "format": "date-time",
                "description": "When it happened: RFC 3339 with an offset, cut to the millisecond; not before 2000, and not more than "
                "24 hours after it is written to the log.",
            },
            "account": {
                "anyOf": [
                    {"type": "string", "minLength": 1, "maxLength": MAX_ACCOUNT, "not": {"pattern": "[^A-Za-z0-9._-]"}},
                    {"type": "null"},
                ],
                "default": DEFAULT_ACCOUNT,
                "description": "The tenant whose event it is.",
            },
            "data": data,
        },
    }


def _identifier(longest: int, description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest, **NO_CONTROL_CHARACTERS, "description": description}
