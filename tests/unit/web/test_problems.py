"""Whatever goes wrong is told as problem details, and nothing of the inside with them."""

from collections.abc import Callable
from time import sleep
from typing import Any

import pytest
from httpx import AsyncClient

from events.log.port import LogError, LogUnavailable
from projections.reports import REPORTS
from projections.reports.as_of import Ends
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import StoreError, StoreUnavailable
from tests.unit.web.conftest import CONTACT, Served, problem
from web.reports import path_of
from web.settings import WebSettings


@pytest.mark.parametrize(
    ("url", "parameter"),
    [
        ("/v1/analyze?enrolled_from=yesterday", "enrolled_from"),
        ("/v1/analyze?enrolled-from=2026-01-01", "enrolled-from"),
        ("/v1/analyze?enrolled_from=2026-02-02&enrolled_to=2026-02-01", "enrolled_from"),
        ("/v1/analyze?basis=pigeons", "basis"),
        ("/v1/analyze?basis=contacts&basis=messages", "basis"),
        ("/v1/sequences/spring-outreach/funnel?opens=pigeons", "opens"),
        ("/v1/analyze?time_zone=localtime", "time_zone"),
        ("/v1/analyze?team=", "team"),
        ("/v1/enrollments?limit=1001", "limit"),
        ("/v1/enrollments?cursor=x", "cursor"),
        ("/v1/enrollments?account=other", "account"),
        ("/v1/sequences//performance", "sequence_id"),
        (f"/v1/contacts/{'c' * 129}", "contact_id"),
        ("/v1/reports/custom", "measure"),
    ],
)
async def test_a_wrong_parameter_is_named_with_what_is_allowed(client: AsyncClient, url: str, parameter: str) -> None:
    told = problem(await client.get(url))
    assert (told["status"], told["parameter"]) == (400, parameter)
    assert told["detail"] == f"{parameter}: {told['allowed']}"


async def test_every_report_refuses_a_parameter_that_it_does_not_have(client: AsyncClient) -> None:
    for report in REPORTS.values():
        told = problem(await client.get(path_of(report).format(sequence_id="s", contact_id="c"), params={"nonsense": "1"}))
        assert (told["status"], told["parameter"]) == (400, "nonsense")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("PATCH", "/v1/dashboards/x", "DELETE, GET, PUT"), ("PUT", "/login", "GET, POST"), ("DELETE", "/v1/analyze", "GET")],
)
async def test_what_can_be_done_at_a_path_is_told(client: AsyncClient, method: str, path: str, allowed: str) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


async def test_what_is_not_there_and_what_cannot_be_done_with_it(client: AsyncClient) -> None:
    told = problem(await client.get("/v1/sequences/absent/steps"))
    assert (told["status"], told["subject"], told["id"]) == (404, "sequence", "absent")
    assert problem(await client.get("/v1/nothing"))["status"] == 404
    refused = await client.delete("/v1/analyze")
    assert problem(refused)["status"] == 405
    assert refused.headers["Allow"] == "GET"


def failing(error: Exception) -> Reader:
    class Failing(MemoryStore):
        def read(self, questions: Any) -> list[Any]:
            raise error

    return Reader(Failing())


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreUnavailable("Redis at 10.1.2.3 does not answer"), 503),
        (StoreError("Redis at 10.1.2.3 refused a command"), 500),
        (ZeroDivisionError("at 10.1.2.3"), 500),
    ],
)
async def test_a_failure_tells_nothing_of_the_inside(
    served: Served, caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    served.reader = failing(error)
    async with served.client() as client:
        answer = await client.get("/v1/analyze")
        assert problem(answer)["status"] == status
        assert "10.1.2.3" not in answer.text
        assert ("Retry-After" in answer.headers) is (status == 503)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        ready = await client.get("/readyz")
        assert ready.status_code == (503 if isinstance(error, StoreError) else 500)
        assert "10.1.2.3" not in ready.text
        assert (await client.get("/healthz")).text == "alive\n"
    assert "10.1.2.3" in caplog.text


async def test_without_the_log_numbers_are_told_without_a_lag_and_events_are_not(served: Served) -> None:
    def away() -> Any:
        raise LogUnavailable("brokers at 10.1.2.3 do not answer")

    served.log = served.ends = away
    async with served.client() as client:
        assert (await client.get("/v1/analyze")).json()["as_of"]["lag"] is None
        answer = await client.get(f"/v1/contacts/{CONTACT}")
        assert (problem(answer)["status"], answer.headers["Retry-After"]) == (503, "1")
        assert "10.1.2.3" not in answer.text
        assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (lambda: {("email-events", 0): 10**9}, "records behind the log, more than 5"),
        (lambda: (_ for _ in ()).throw(LogError("no")), "the lag is unknown"),
    ],
)
async def test_who_is_too_far_behind_is_not_ready(served: Served, ends: Callable[[], Any], said: str) -> None:
    served.settings = WebSettings(web_max_lag=5)
    async with served.client() as client:
        assert (await client.get("/readyz")).text == "ready\n"
    served.ends = ends
    async with served.client() as client:
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert said in answer.text


async def test_what_takes_too_long_is_given_up(served: Served) -> None:
    served.settings = WebSettings(web_timeout=0.05)

    def slow() -> Ends:
        sleep(0.5)
        return {}

    served.ends = slow
    async with served.client() as client:
        answer = await client.get("/v1/analyze")
        assert (problem(answer)["status"], answer.headers["Retry-After"]) == (503, "1")
