"""What asks a server how it is: `/healthz` and `/readyz` for whoever starts and restarts it, `/metrics` for Prometheus."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client.exposition import choose_encoder

from events.envelope import DEFAULT_ACCOUNT
from projections.reports.as_of import as_of
from projections.tables.store import StoreError
from web.access import Access, Scope
from web.answers import Answers
from web.calls import Calls
from web.meters import Meters

logger = logging.getLogger("tally.web")


def add_probes(app: FastAPI, answers: Answers, access: Access, meters: Meters, *, max_lag: int | None) -> None:
    """Add the routes."""

    calls = Calls(1, "ready")  # of its own: who asks much does not make a server look as if it were none

    async def healthz() -> Response:
        return PlainTextResponse("alive\n")

    async def readyz() -> Response:
        ends = await answers.ends.get()
        try:
            reading = await calls.make(lambda: answers.reader.read(DEFAULT_ACCOUNT))
        except StoreError as error:
            logger.warning("not ready: %s", error)
            return _not_ready("the numbers cannot be read")
        lag = as_of(reading, ends).lag
        if max_lag is not None and (lag is None or lag > max_lag):
            return _not_ready("the lag is unknown" if lag is None else f"{lag} records behind the log, more than {max_lag}")
        return PlainTextResponse("ready\n")

    async def metrics(request: Request) -> Response:
        access.account(request, Scope.OPERATE)
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(meters.registry), headers={"Content-Type": content_type})

    for path, endpoint in (("/healthz", healthz), ("/readyz", readyz), ("/metrics", metrics)):
        app.add_api_route(path, endpoint, name=path.removeprefix("/"), include_in_schema=False)


def _not_ready(why: str) -> Response:
    return PlainTextResponse(f"{why}\n", HTTPStatus.SERVICE_UNAVAILABLE)
