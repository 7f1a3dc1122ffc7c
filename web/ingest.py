"""`POST /v1/events`: what mailers tell."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response

from projections.reports import Parameter
from projections.reports.parameters import check_names, choice
from web import body, cloudevents
from web.access import Access, Scope
from web.intake import Intake
from web.meters import Meters
from web.problems import Problem, away
from web.reports import given_in
from web.room import Room
from web.schema import BY_TOKEN, problems, query_parameter
from web.verdicts import Verdicts

MOST_BYTES: Final = 5 << 20
"""In one request."""
_ALL_OR_NOTHING: Final = Parameter(
    "all_or_nothing", "Whether one event that cannot be used keeps all others out.", choices=("true", "false"), default="false"
)


def add_ingest(app: FastAPI, intake: Intake, access: Access, room: Room, meters: Meters) -> None:
    """Add the route."""

    async def publish(request: Request) -> Response:
        account = access.bound(request, Scope.PUBLISH)
        given = given_in(request)
        check_names(given, [_ALL_OR_NOTHING])
        whole = choice(given, _ALL_OR_NOTHING) == "true"
        media_type = body.content_type(request, cloudevents.MEDIA_TYPES)
        with room.take(account or "", body.declared(request, MOST_BYTES)) as share:
            told = cloudevents.read(request, media_type, await body.read(request, MOST_BYTES, share))
            verdicts = Verdicts.of(await intake.take(told, account=account, all_or_nothing=whole))
        meters.told(verdicts)
        return _answer(verdicts)

    app.add_api_route(
        "/v1/events",
        publish,
        methods=["POST"],
        operation_id="publish",
        summary="Publish events; answered when the log has acknowledged them, with a verdict on each.",
        tags=["events"],
        response_model=Verdicts,
        responses=_responses(),
        openapi_extra={
            "parameters": [query_parameter(_ALL_OR_NOTHING)],
            "requestBody": {"required": True, "content": _content()},
            **BY_TOKEN,
        },
    )


def _answer(verdicts: Verdicts) -> Response:
    told = verdicts.model_dump(mode="json", exclude_none=True)
    if any(one.status == "unconfirmed" for one in verdicts.events):
        raise away("the log has not acknowledged every event; tell it again, which does no harm", **told)
    if verdicts.refused and not verdicts.accepted:
        raise Problem(HTTPStatus.BAD_REQUEST, "refused", "nothing was written, as events cannot be used; see the verdict on each", **told)
    status = HTTPStatus.MULTI_STATUS if verdicts.refused else HTTPStatus.OK
    content = verdicts.model_dump_json(exclude_none=True)
    return Response(content, status, {"Cache-Control": "no-store"}, media_type="application/json")


def _responses() -> dict[int | str, dict[str, Any]]:
    refusals = (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    return {207: {"model": Verdicts, "description": "Some events were accepted, and others refused."}, **problems(*refusals)}


def _content() -> dict[str, Any]:
    event = {"schema": {"type": "object", "description": "A CloudEvent of the catalog, in the structured shape."}}
    data = {"schema": {"type": "object", "description": "The data of a CloudEvent whose attributes are headers ce-id, ce-type and so on."}}
    return {
        cloudevents.SINGLE: event,
        cloudevents.BATCH: {"schema": {"type": "array", "items": event["schema"], "maxItems": cloudevents.MOST}},
        cloudevents.PLAIN: data,
    }
