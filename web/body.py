"""Reading what comes with a request: so many bytes, of the types that are expected, in the shape that is expected."""

from collections.abc import Collection
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from events.json_text import read_json
from projections.reports import ParameterError
from web.problems import Problem

M = TypeVar("M", bound=BaseModel)


def declared(request: Request, most: int) -> int:
    """How many bytes the body will have, `most` where nothing is said. Raises `Problem` (413) if they will be more."""
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        return most
    if len(length) > len(str(most)) or int(length) > most:
        raise _too_large(most)
    return int(length)


async def read(request: Request, most: int) -> bytes:
    """The whole body. Raises `Problem` (413) as soon as it is known to be more than `most` bytes."""
    declared(request, most)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"at most {most:,} bytes are taken at once", most=most)


def content_type(request: Request, allowed: Collection[str]) -> str:
    """The type of the body, without its parameters. Raises `Problem` (415) for one that is not allowed."""
    found = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if found not in allowed:
        told = ", ".join(allowed)
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", f"the header Content-Type has to be one of {told}", headers={"Accept": told}
        )
    return found


def model(kind: type[M], content: bytes) -> M:
    """JSON as what it should be. Raises `Refusal` for what is no JSON, `ParameterError` naming what is wrong in it."""
    try:
        return kind.model_validate(read_json(content))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        raise ParameterError(".".join(map(str, fault["loc"])) or "body", fault["msg"]) from None
