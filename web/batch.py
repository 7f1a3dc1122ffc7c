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
from web.answers import Answers
from web.problems import ProblemDetails, problem_of
from web.room import Room
from web.schema import CSRF, SECURED, named, problems

MOST: Final = 100
"""Questions in one call."""
MOST_BYTES: Final = 1 << 18
_JSON: Final = "application/json"
_REFUSALS: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
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
        with room.take(account, body.declared(request, MOST_BYTES)):
            asked = body.model(Questions, await body.read(request, MOST_BYTES))
        asks = [partial(question, card, account=account, default_time_zone=answers.time_zone) for card in asked.questions]
        found = [_outcome(one) for one in await answers.each(asks)]
        headers = {"Cache-Control": "no-store"}
        return Response(Outcomes(answers=found).model_dump_json(by_alias=True), headers=headers, media_type=_JSON)

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


def _outcome(found: BaseModel | Exception) -> Answered | Failed:
    if isinstance(found, BaseModel):
        return Answered(status=HTTPStatus.OK, answer=found)
    problem = problem_of(found)
    return Failed(status=problem.status, problem=ProblemDetails(**problem.details))
