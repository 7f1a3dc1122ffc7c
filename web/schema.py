"""The OpenAPI description: what the registry of reports says, in the words of OpenAPI."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from events.envelope import MAX_ID
from projections.reports import Parameter
from web.guard import HEADER
from web.problems import MEDIA_TYPE, ProblemDetails
from web.session import COOKIE

_NO_CONTROL: Final = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"
ID: Final = {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": _NO_CONTROL}
SCHEME: Final = "token"
SESSION: Final = "session"
_REFERENCE: Final = "#/components/schemas/{model}"


def query_parameter(parameter: Parameter) -> dict[str, Any]:
    """A parameter as it stands in the query of a URL; repeatable ones are written several times."""
    schema = _schema(parameter)
    if parameter.repeatable:
        schema = {"type": "array", "items": schema}
    elif parameter.default is not None:
        schema["default"] = int(parameter.default) if parameter.kind == "whole number" else parameter.default
    return {"name": parameter.name, "in": "query", "required": parameter.required, "description": parameter.description, "schema": schema}


def path_parameter(name: str, description: str) -> dict[str, Any]:
    """An id in the path of a URL."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": dict(ID)}


def _schema(parameter: Parameter) -> dict[str, Any]:
    if parameter.choices:
        return {"type": "string", "enum": list(parameter.choices)}
    match parameter.kind:
        case "id":
            return dict(ID)
        case "date":
            return {"type": "string", "format": "date"}
        case "whole number":
            return {"type": "integer", "minimum": 1, "maximum": parameter.most}
        case _:
            return {"type": "string"}


def problems(*statuses: HTTPStatus) -> Mapping[int | str, dict[str, Any]]:
    """The answers of a route that tell of problems; any may be too much, too slow, or fail."""
    always = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    content = {MEDIA_TYPE: {"schema": named(ProblemDetails)}}
    return {int(status): {"description": status.phrase, "content": content} for status in sorted({*statuses, *always})}


SECURED: Final[dict[str, Any]] = {"security": [{SCHEME: []}, {SESSION: []}]}
CSRF: Final[dict[str, Any]] = {
    "name": HEADER,
    "in": "header",
    "description": "Of a browser that has signed in: the value that our own pages know. A token in a header needs none.",
    "schema": {"type": "string"},
}
"""A parameter of whatever is not asked by GET and takes a session."""
BY_TOKEN: Final[dict[str, Any]] = {"security": [{SCHEME: []}]}


def named(model: type[BaseModel]) -> dict[str, str]:
    """A model as a reference into the description, which has to be made with it."""
    return {"$ref": _REFERENCE.format(model=model.__name__)}


def described(app: FastAPI, tags: Iterable[Mapping[str, str]], models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """The description of all routes of an app. `models` are those that come with requests, and so are not seen in the routes."""
    made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes, tags=[dict(tag) for tag in tags])
    components = made.setdefault("components", {})
    described: list[type[BaseModel]] = [ProblemDetails, *models]
    _, schemas = models_json_schema([(model, "validation") for model in described], ref_template=_REFERENCE)
    components.setdefault("schemas", {}).update(schemas["$defs"])
    components["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": "A token of `tally token create`; none is needed where none was made."},
        SESSION: {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Of a browser that has signed in at /login."},
    }
    return made
