"""Every report of the registry under a path of its own."""

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute

from projections.reports import REPORTS, Report
from projections.reports.parameters import Given
from web.access import Access, Scope
from web.answers import Answers, Asked
from web.form import FORMAT, Form, chosen
from web.schema import SECURED, path_parameter, problems, query_parameter

_PATHS: Final = {
    "analyze": "/v1/analyze",
    "sequences": "/v1/sequences",
    "enrollments": "/v1/enrollments",
    "contacts": "/v1/analyze/contacts",
    "contact": "/v1/contacts/{contact_id}",
}
"""The paths that do not follow from what a report is about."""


def path_of(report: Report) -> str:
    """The path of a report, with the name of its subject in braces."""
    usual = f"/v1/sequences/{{sequence_id}}/{report.name}" if report.subject == "sequence" else f"/v1/reports/{report.name}"
    return _PATHS.get(report.name, usual)


class _Direct(APIRoute):
    """A route whose function takes the request and makes the response itself: FastAPI describes it, and looks for no dependencies."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


def add_reports(app: FastAPI, answers: Answers, access: Access) -> None:
    """Add a route for each report."""
    for report in REPORTS.values():
        app.router.add_api_route(
            # An id may have slashes in it.
            path_of(report).replace("_id}", "_id:path}"),
            _route(report, answers, access),
            name=report.name,
            operation_id=report.name,
            summary=report.description,
            tags=["reports"],
            response_model=report.result,
            responses=_responses(report),
            openapi_extra={"parameters": _parameters(report), **SECURED},
            route_class_override=_Direct,
        )


def _route(report: Report, answers: Answers, access: Access) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        account = access.account(request, Scope.READ)
        given = given_in(request)
        form = chosen(given, request.headers.get("Accept"))
        parameters = {name: values for name, values in given.items() if name != FORMAT.name}
        subject = None if report.subject is None else request.path_params[f"{report.subject}_id"]
        asked = Asked.of(report.name, account, subject, parameters)
        found = await answers.answer(asked, form, request.headers.get("If-None-Match"))
        headers = {"ETag": found.tag, "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}
        if found.body is None:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if found.next is not None:
            headers["Link"] = f'<?{_further(given, found.next)}>; rel="next"'
        return Response(found.body, headers=headers, media_type=form.media_type)

    return answer


def given_in(request: Request) -> dict[str, list[str]]:
    """The parameters in the query of a URL: name -> values."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return given


def _further(given: Given, cursor: str) -> str:
    return urlencode({**given, "cursor": [cursor]}, doseq=True)


def _parameters(report: Report) -> list[dict[str, Any]]:
    assert all(parameter.name != FORMAT.name for parameter in report.parameters), "format is how an answer is written"
    named = [] if report.subject is None else [path_parameter(f"{report.subject}_id", f"The {report.subject} that the report is about.")]
    return [*named, *map(query_parameter, (*report.parameters, FORMAT))]


def _responses(report: Report) -> dict[int | str, dict[str, Any]]:
    lines = {form.media_type: {"schema": {"type": "string"}} for form in Form if form is not Form.JSON}
    found = () if report.subject is None else (HTTPStatus.NOT_FOUND,)
    return {
        200: {"content": lines},
        304: {"description": "The answer is the one that If-None-Match names."},
        **problems(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.NOT_IMPLEMENTED, *found),
    }
