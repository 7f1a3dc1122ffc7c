"""Reading what comes with a request: so many bytes, of the types that are expected."""

from collections.abc import Collection
from http import HTTPStatus

from fastapi import Request

from web.problems import Problem


async def read(request: Request, most: int) -> bytes:
    """The whole body. Raises `Problem` (413) as soon as it is known to be more than `most` bytes."""
    parts: list[bytes] = []
    size = int(declared) if (declared := request.headers.get("Content-Length", "")).isdigit() else 0
    if size <= most:
        size = 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                break
            parts.append(part)
    if size > most:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"at most {most:,} bytes are taken at once", most=most)
    return b"".join(parts)


def content_type(request: Request, allowed: Collection[str]) -> str:
    """The type of the body, without its parameters. Raises `Problem` (415) for one that is not allowed."""
    found = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if found not in allowed:
        told = ", ".join(allowed)
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type", f"the header Content-Type has to be one of {told}", headers={"Accept": told}
        )
    return found
