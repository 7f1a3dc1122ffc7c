"""What goes wrong, as RFC 9457 has it: problem details, which name the remedy and nothing of the inside."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from events.log.port import LogError
from events.refusal import Refusal
from projections.identities import Superseded
from projections.reports import NotFound, ParameterError
from projections.reports.errors import MissingLibrary
from projections.saved_dashboards import UnknownDashboard
from projections.tables.store import StoreError, StoreUnavailable
from web.calls import Busy

logger = logging.getLogger("tally.web")

MEDIA_TYPE: Final = "application/problem+json"
_SOON: Final = {"Retry-After": "1"}


class ProblemDetails(BaseModel):
    """Why there is no answer. There may be further members, such as `parameter`."""

    model_config = ConfigDict(extra="allow")

    type: str
    """What kind of problem it is, for programs: `urn:tally:...`."""
    title: str
    """What the status means."""
    status: int
    detail: str
    """One line for people."""


class Problem(Exception):
    """An answer that tells of a problem; `members` are further members of it."""

    def __init__(self, status: HTTPStatus, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}
        self.details = {"type": f"urn:tally:{kind}", "title": status.phrase, "status": int(status), "detail": detail, **members}

    def response(self) -> Response:
        """The problem as it is sent."""
        content = json.dumps(self.details, ensure_ascii=False).encode(errors="replace")
        headers = {"Cache-Control": "no-store", **self.headers}
        return Response(content, self.status, headers, media_type=MEDIA_TYPE)


def away(detail: str, **members: Any) -> Problem:
    """Something that is needed does not answer just now."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, headers=_SOON, **members)


def problem_of(error: Exception) -> Problem:
    """What to tell of an error. Of our own faults, and of where things are, nothing is told but in the program's own lines."""
    match error:
        case Problem():
            return error
        case ParameterError():
            return Problem(HTTPStatus.BAD_REQUEST, "parameter", str(error), parameter=error.parameter, allowed=error.message)
        case Refusal():
            return Problem(HTTPStatus.BAD_REQUEST, "body", error.detail, reason=error.reason, field=error.field)
        case NotFound():
            return Problem(HTTPStatus.NOT_FOUND, "unknown-subject", str(error), subject=error.kind, id=error.id)
        case UnknownDashboard():
            return Problem(HTTPStatus.NOT_FOUND, "unknown-subject", str(error), subject="dashboard", id=error.id)
        case MissingLibrary():
            return Problem(HTTPStatus.NOT_IMPLEMENTED, "missing-library", str(error))
        case Busy():
            return away("more is asked than can be answered; ask again later")
        case TimeoutError():
            return away("it took too long; ask again later, or for less")
        case StoreUnavailable() | Superseded():
            logger.warning("%s", error)
            return away("the numbers cannot be read just now; ask again later")
        case LogError():
            logger.warning("%s", error)
            return away("the log does not answer just now; ask again later")
        case HTTPException():
            status = HTTPStatus(error.status_code)
            detail = {HTTPStatus.NOT_FOUND: "there is nothing at this path", HTTPStatus.METHOD_NOT_ALLOWED: "this path has other methods"}
            return Problem(status, "http", detail.get(status, status.description or status.phrase), headers=error.headers)
        case StoreError():
            logger.error("%s", error)
        case _:
            logger.error("a request failed", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "failure", "something is wrong with the server; its own lines say what")


async def tell(request: Request, error: Exception) -> Response:
    """The answer to a request that failed."""
    problem = problem_of(error)
    if problem.status is HTTPStatus.METHOD_NOT_ALLOWED:
        problem.headers = {**problem.headers, "Allow": ", ".join(_methods(request))}
    return problem.response()


def _methods(request: Request) -> list[str]:
    """What can be done at the path of a request: several routes may share it."""
    there = [route for route in request.app.routes if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in there for method in route.methods or ()})
