"""`/v1/dashboards`: saved dashboards for programs, which may also save and delete them."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field

from events.catalog import DashboardCard, DashboardDeleted, DashboardSaved
from events.rfc3339 import format_time, parse_time
from projections.dashboard_changes import wrong_card
from projections.dashboards import Dashboard
from projections.reports import ParameterError
from projections.reports.parameters import check_id, check_names
from projections.saved_dashboards import DashboardList, SavedDashboard, UnknownDashboard, dashboard_list, saved_dashboard
from web import body
from web.access import Access, Scope
from web.answers import Answers
from web.dashboard_desk import DashboardDesk, Make, Written
from web.reports import given_in
from web.room import Room
from web.schema import CSRF, SECURED, named, path_parameter, problems

MOST_BYTES: Final = 1 << 18
_PATH: Final = "/v1/dashboards/{dashboard_id:path}"
_JSON: Final = "application/json"
_ID: Final = path_parameter("dashboard_id", "The id of the dashboard.")


class Wish(BaseModel):
    """What a dashboard is to be. It may be what GET has answered, changed: then it is refused if somebody has saved another one since."""

    name: str
    cards: list[DashboardCard]
    saved_at: Annotated[str | None, Field(description="The save that this one was made from; without it whatever is there goes.")] = None


class DashboardWritten(BaseModel):
    """The change is in the log, and shows when a worker has applied it. Of two changes the later one counts."""

    dashboard_id: str
    event_id: str
    time: str
    partition: int
    """Where the event is in the topic `dashboard-events`; likewise `offset`."""
    offset: int


def add_dashboards(app: FastAPI, answers: Answers, desk: DashboardDesk, access: Access, room: Room) -> None:
    """Add the routes."""

    async def listed(request: Request) -> Response:
        account = access.account(request, Scope.READ)
        check_names(given_in(request), [])
        return _told(await answers.calls.make(partial(dashboard_list, answers.reader, account)))

    async def one(request: Request) -> Response:
        account = access.account(request, Scope.READ)
        return _told(await answers.calls.make(partial(saved_dashboard, answers.reader, account, _id(request))))

    async def save(request: Request) -> Response:
        caller = access.caller(request, Scope.ACT)
        dashboard_id = _id(request)
        body.content_type(request, [_JSON])
        with room.take(caller.account, body.declared(request, MOST_BYTES)) as share:
            wish = body.model(Wish, await body.read(request, MOST_BYTES, share))
            if (wrong := wrong_card(wish.cards, caller.account)) is not None:
                place, error = wrong
                raise ParameterError(f"cards.{place - 1}.{error.parameter}", error.message)
            saved = DashboardSaved(dashboard_id=dashboard_id, name=wish.name, cards=wish.cards)
            return _written(dashboard_id, await desk.change(caller, dashboard_id, lambda _: saved, _seen(wish)))

    async def delete(request: Request) -> Response:
        caller = access.caller(request, Scope.ACT)
        dashboard_id = _id(request)
        return _written(dashboard_id, await desk.change(caller, dashboard_id, deletion(dashboard_id)))

    _add(app, "/v1/dashboards", "GET", listed, "dashboards", "All saved dashboards.", DashboardList)
    _add(app, _PATH, "GET", one, "dashboard", "One dashboard, with its cards; POST /v1/batch takes these as questions.", SavedDashboard)
    _add(app, _PATH, "PUT", save, "save_dashboard", "Save a dashboard: what it is from now on.", DashboardWritten)
    _add(app, _PATH, "DELETE", delete, "delete_dashboard", "Delete a dashboard; it is back when it is saved again.", DashboardWritten)


def deletion(dashboard_id: str) -> Make:
    """A dashboard is to be gone. Refused for one that is not there."""

    def make(known: Dashboard) -> DashboardDeleted:
        if not known.is_there:
            raise UnknownDashboard(dashboard_id)
        return DashboardDeleted(dashboard_id=dashboard_id)

    return make


def _id(request: Request) -> str:
    """The id in the path, of a request that has no parameters. Raises `ParameterError`."""
    check_names(given_in(request), [])
    return check_id("dashboard_id", request.path_params["dashboard_id"])


def _seen(wish: Wish) -> int | None:
    try:
        return None if wish.saved_at is None else parse_time(wish.saved_at)
    except ValueError:
        raise ParameterError("saved_at", f"{wish.saved_at!r} is no time; leave it as it was told, or out") from None


def _told(answer: BaseModel) -> Response:
    return Response(answer.model_dump_json(), headers={"Cache-Control": "private, no-store"}, media_type=_JSON)


def _written(dashboard_id: str, written: Written) -> Response:
    told = DashboardWritten(
        dashboard_id=dashboard_id,
        event_id=written.event_id,
        time=format_time(written.time),
        partition=written.partition,
        offset=written.offset,
    )
    headers = {"Cache-Control": "no-store"}
    return Response(told.model_dump_json(), HTTPStatus.ACCEPTED, headers, media_type=_JSON)


def _add(app: FastAPI, path: str, method: str, endpoint: Any, operation: str, summary: str, model: type[BaseModel]) -> None:
    refusals = [HTTPStatus.BAD_REQUEST]
    extra: dict[str, Any] = dict(SECURED)
    if path == _PATH:
        refusals.append(HTTPStatus.NOT_FOUND)
        extra["parameters"] = [_ID]
    if method == "PUT":
        refusals += [HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.TOO_MANY_REQUESTS]
        extra["requestBody"] = {"required": True, "content": {_JSON: {"schema": named(Wish)}}}
    if method != "GET":
        refusals.append(HTTPStatus.CONFLICT)
        extra["parameters"] = [_ID, CSRF]
    app.add_api_route(
        path,
        endpoint,
        methods=[method],
        operation_id=operation,
        name=operation,
        summary=summary,
        tags=["dashboards"],
        status_code=HTTPStatus.OK if method == "GET" else HTTPStatus.ACCEPTED,
        response_model=model,
        responses={**problems(*refusals)},
        openapi_extra=extra,
    )
