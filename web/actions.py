"""`POST /v1/actions`: pause, resume and unenroll, by events that mailers obey and that come back through the projection."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, Field

from events.catalog.fields import ContactId, EnrollmentId, SequenceId
from projections.reports.parameters import check_names
from projections.standing import EnrollmentKey, Standing, standings
from web import body
from web.access import Access, Caller, Scope
from web.acting import Action, Desk, Objection, objection, wanted
from web.answers import Answers
from web.cloudevents import Told
from web.intake import Intake
from web.meters import Meters
from web.problems import Problem, away
from web.reports import given_in
from web.room import Room
from web.schema import CSRF, SECURED, named, problems
from web.verdicts import Verdict, Verdicts

MOST: Final = 500
"""Enrollments in one request."""
MOST_BYTES: Final = 1 << 20
_JSON: Final = "application/json"
_REPEATED: Final = Objection("repeated", "this enrollment is named before in the same request")


class ActionEnrollment(BaseModel):
    """An enrollment, by all that it is known by."""

    contact_id: ContactId
    sequence_id: SequenceId
    enrollment_id: EnrollmentId


class Actions(BaseModel):
    """What is to be done with some enrollments."""

    action: Action
    enrollments: Annotated[list[ActionEnrollment], Field(min_length=1, max_length=MOST)]
    dry_run: bool = False
    """Whether only to tell what could be done, and how the enrollments stand."""


class ActionVerdict(BaseModel):
    """What became of an action on one enrollment.

    `accepted`: the event that asks for it is in the log, and the enrollment has the status `wanted` once that has come back. `refused`: it
    cannot be done. `unconfirmed`: the log has not acknowledged the event, so it may be there or not; to do it again does no harm.
    `possible`: it can be done; of a dry run.
    """

    index: int
    """Which one in the request, from 0."""
    contact_id: str
    sequence_id: str
    enrollment_id: str
    status: Literal["accepted", "refused", "unconfirmed", "possible"]
    current: str | None = None
    """The status of the enrollment when it was looked at."""
    wanted: str | None = None
    event_id: str | None = None
    time: str | None = None
    partition: int | None = None
    """Where the event is in its topic; likewise `offset`."""
    offset: int | None = None
    reason: str | None = None
    """Why it was refused: `unknown_enrollment`, `ended`, `wrong_status`, `repeated`, or one of the reasons of the quarantine."""
    detail: str | None = None


class ActionVerdicts(BaseModel):
    """What became of an action on all enrollments of a request."""

    action: Action
    accepted: int
    refused: int
    enrollments: list[ActionVerdict]


@dataclass(frozen=True, slots=True)
class _Acting:
    """Does what is asked: looks at the enrollments, and publishes for those that allow it."""

    answers: Answers
    intake: Intake
    desk: Desk
    meters: Meters

    async def take(self, caller: Caller, asked: Actions) -> ActionVerdicts:
        """Raises `StoreError`, `LogUnavailable`, `Busy`."""
        keys = [EnrollmentKey(one.contact_id, one.sequence_id, one.enrollment_id) for one in asked.enrollments]
        found = await self.answers.calls.make(partial(standings, self.answers.reader, caller.account, keys))
        first = {key: index for index, key in reversed(list(enumerate(keys)))}
        verdicts = [_judged(index, asked.action, key, found.get(key), first[key] < index) for index, key in enumerate(keys)]
        if not asked.dry_run:
            await self._publish(caller, asked.action, verdicts, found)
        statuses = [one.status for one in verdicts]
        return ActionVerdicts(
            action=asked.action, accepted=statuses.count("accepted"), refused=statuses.count("refused"), enrollments=verdicts
        )

    async def _publish(
        self, caller: Caller, action: Action, verdicts: list[ActionVerdict], found: Mapping[EnrollmentKey, Standing]
    ) -> None:
        """Ask for what is possible, and put down what the log says to it."""
        told: list[Told] = []
        good = [one for one in verdicts if one.status == "possible"]
        for verdict in good:
            key = EnrollmentKey(verdict.contact_id, verdict.sequence_id, verdict.enrollment_id)
            event = self.desk.ask(action, key, found[key], caller)
            verdict.event_id, verdict.time = event.id, event.time
            told.append(Told(event.value))
        results = await self.intake.take(told, account=caller.account, all_or_nothing=False) if told else []
        self.meters.told(Verdicts.of(results))
        for verdict, result in zip(good, results, strict=True):
            _settle(verdict, result)


def add_actions(app: FastAPI, answers: Answers, intake: Intake, access: Access, room: Room, meters: Meters) -> None:
    """Add the route."""
    acting = _Acting(answers, intake, Desk(), meters)

    async def act(request: Request) -> Response:
        caller = access.caller(request, Scope.ACT)
        check_names(given_in(request), [])
        body.content_type(request, [_JSON])
        with room.take(caller.account, body.declared(request, MOST_BYTES)) as share:
            asked = body.model(Actions, await body.read(request, MOST_BYTES, share))
            verdicts = await acting.take(caller, asked)
            return _told(verdicts) if asked.dry_run else _answer(verdicts)

    app.add_api_route(
        "/v1/actions",
        act,
        methods=["POST"],
        operation_id="act",
        summary="Pause, resume or unenroll; answered when the log has acknowledged the events that ask for it, with a verdict on each.",
        tags=["actions"],
        response_model=ActionVerdicts,
        responses=_responses(),
        openapi_extra={
            "parameters": [CSRF],
            "requestBody": {"required": True, "content": {_JSON: {"schema": named(Actions)}}},
            **SECURED,
        },
    )


def _judged(index: int, action: Action, key: EnrollmentKey, standing: Standing | None, repeated: bool) -> ActionVerdict:
    """The verdict before anything is written."""
    why = _REPEATED if repeated else objection(action, standing)
    verdict = ActionVerdict(index=index, **key._asdict(), status="possible" if why is None else "refused")
    verdict.current = None if standing is None else standing.status
    if why is not None:
        verdict.reason, verdict.detail = why
    elif standing is not None:
        verdict.wanted = wanted(action, standing)
    return verdict


def _settle(verdict: ActionVerdict, result: Verdict) -> None:
    """What the log has said to the event."""
    match result.status:
        case "accepted":
            verdict.status, verdict.partition, verdict.offset = "accepted", result.partition, result.offset
        case "refused":
            verdict.status, verdict.reason, verdict.detail = "refused", result.reason, result.detail
            verdict.wanted = verdict.event_id = verdict.time = None
        case "unconfirmed":
            verdict.status = "unconfirmed"


def _answer(verdicts: ActionVerdicts) -> Response:
    told = verdicts.model_dump(mode="json", exclude_none=True)
    if any(one.status == "unconfirmed" for one in verdicts.enrollments):
        raise away("the log has not acknowledged every event; do it again, which does no harm", **told)
    if verdicts.refused == len(verdicts.enrollments):
        raise Problem(HTTPStatus.BAD_REQUEST, "refused", "nothing was done, as it cannot be; see the verdict on each", **told)
    return _told(verdicts, HTTPStatus.MULTI_STATUS if verdicts.refused else HTTPStatus.OK)


def _told(verdicts: ActionVerdicts, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(verdicts.model_dump_json(exclude_none=True), status, {"Cache-Control": "no-store"}, media_type=_JSON)


def _responses() -> dict[int | str, dict[str, Any]]:
    refusals = (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    return {207: {"model": ActionVerdicts, "description": "Some can be done, and others not."}, **problems(*refusals)}
