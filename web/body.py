"""Reading what comes with a request: so many bytes, of the types that are expected, in the shape that is expected."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel, ValidationError

from events.json_text import read_json
from projections.reports import ParameterError
from web.problems import Problem
from web.room import Share

M = TypeVar("M", bound=BaseModel)

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 10


def declared(request: Request, most: int) -> int:
    """How many bytes the body will have, 0 where nothing is said. Raises `Problem` (413) if they will be more than `most`."""
    length = request.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit()):
        return 0
    if len(length) > len(str(most)) or int(length) > most:
        raise _too_large(most)
    return int(length)


async def read(request: Request, most: int, share: Share | None = None) -> bytes:
    """The whole body. What comes beyond its length, or without one, makes the share grow that it has of the room.

    Raises `Problem`: 413 as soon as it is known to be more than `most` bytes, and as `Share.grow` does.
    """
    known = declared(request, most)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        if share is not None and size > known:
            share.grow(size - known)
            known = size
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


async def form(request: Request, most: int) -> Mapping[str, str]:
    """What a form of ours says, which has every field once. Raises `Problem`."""
    content_type(request, [_FORM])
    content = await read(request, most)
    try:
        return dict(parse_qsl(content.decode(errors="replace"), keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "form", "this is no form of ours") from None
