"""Several questions in one call, each answered as of one instant, or not, by itself."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field, SerializeAsAny

from events.catalog import DashboardCard
from projections.cards import question
from web import body
from web.access import Access, Scope
from web.answers import Answers, TooMuch
from web.problems import Problem, ProblemDetails, problem_of
from web.room import Room
from web.schema import CSRF, SECURED, named, problems

MOST: Final = 100
"""Questions in one call."""
MOST_BYTES: Final = 1 << 18
MOST_ANSWERED: Final = 8 << 20
"""Bytes of all answers to one call."""
_JSON: Final = "application/json"
_REFUSALS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
)


_TOO_MUCH: Final = Problem(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"all answers together have at most {MOST_ANSWERED:,} bytes; ask this one by itself"
)


class Questions(BaseModel):
    """Questions, in the form of the cards of a dashboard: what a report is about is one of its parameters."""

    questions: Annotated[list[DashboardCard], Field(max_length=MOST)]


class Answered(BaseModel):
    """A question that has an answer."""

    status: int
    """As if it had been asked by itself."""
    answer: SerializeAsAny[BaseModel]


class Failed(BaseModel):
    """A question that has none."""

    status: int
    """As if it had been asked by itself."""
    problem: ProblemDetails


class Outcomes(BaseModel):
    """What became of each question, in the order asked."""

    answers: list[Answered | Failed]


def add_batch(app: FastAPI, answers: Answers, access: Access, room: Room) -> None:
    """Add the route."""

    async def batch(request: Request) -> Response:
        account = access.account(request, Scope.READ)
        body.content_type(request, [_JSON])
        with room.take(account, body.declared(request, MOST_BYTES)) as share:
            asked = body.model(Questions, await body.read(request, MOST_BYTES, share))
        asks = [partial(question, card, account=account, default_time_zone=answers.time_zone) for card in asked.questions]
        found = [_outcome(one) for one in await answers.each_written(asks, MOST_ANSWERED)]
        return Response(b'{"answers":[%b]}' % b",".join(found), headers={"Cache-Control": "no-store"}, media_type=_JSON)

    app.add_api_route(
        "/v1/batch",
        batch,
        methods=["POST"],
        operation_id="batch",
        summary="Several questions, each answered as of one instant; an error concerns its own question alone.",
        tags=["reports"],
        response_model=Outcomes,
        responses={**problems(*_REFUSALS)},
        openapi_extra={
            "parameters": [CSRF],
            "requestBody": {"required": True, "content": {_JSON: {"schema": named(Questions)}}},
            **SECURED,
        },
    )


def _outcome(found: bytes | Exception) -> bytes:
    """`Answered` or `Failed`, as JSON."""
    if isinstance(found, bytes):
        return b'{"status":200,"answer":%b}' % found
    problem = _TOO_MUCH if isinstance(found, TooMuch) else problem_of(found)
    return Failed(status=problem.status, problem=ProblemDetails(**problem.details)).model_dump_json(by_alias=True).encode()
