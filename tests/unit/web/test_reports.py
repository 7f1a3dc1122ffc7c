"""Every report over HTTP says what it says in Python."""

import csv
import io
import json
from asyncio import create_task, gather, to_thread, wait_for
from threading import Event, Semaphore
from typing import Any

import pytest
from httpx import AsyncClient

from events.log.port import Log, LogUnavailable
from projections.export.columns import columns, record_list
from projections.reports import REPORTS, ask
from tests.unit.web.conftest import CONTACT, SEQUENCE, Served, company, problem
from web.form import Form
from web.reports import path_of

SUBJECTS = {"sequence": SEQUENCE, "contact": CONTACT}
OWN: dict[str, dict[str, list[str]]] = {"custom": {"measure": ["reply_rate,started"], "by": ["user"]}}
"""What a report cannot be asked without."""
FILTERED: list[dict[str, list[str]]] = [
    {},
    {"team": ["team-north", "team-south"], "enrolled_from": ["2026-04-01"], "time_zone": ["Europe/Berlin"]},
    {"status": ["unenrolled:replied", "active"], "opens": ["all"], "variant": ["nobody has it"]},
]


def path(name: str) -> str:
    report = REPORTS[name]
    return path_of(report).format(**{f"{kind}_id": subject for kind, subject in SUBJECTS.items()})


def expected(served: Served, name: str, parameters: dict[str, list[str]]) -> Any:
    subject = REPORTS[name].subject
    question = ask(name, account="default", subject=None if subject is None else SUBJECTS[subject], parameters=parameters)
    answer = question.answer(served.reader, ends=served.ends(), log=company()[1])
    return json.loads(answer.model_dump_json(by_alias=True))


@pytest.mark.parametrize("parameters", FILTERED, ids=["nothing", "team and date", "status"])
@pytest.mark.parametrize("name", REPORTS)
async def test_the_answer_is_that_of_the_report(served: Served, client: AsyncClient, name: str, parameters: dict[str, list[str]]) -> None:
    given = {**OWN.get(name, {}), **parameters}
    answer = await client.get(path(name), params=given)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == expected(served, name, given)
    REPORTS[name].result.model_validate(answer.json())


def test_the_paths_are_those_of_the_contract() -> None:
    assert {name: path_of(report) for name, report in REPORTS.items()} == {
        "performance": "/v1/sequences/{sequence_id}/performance",
        "analyze": "/v1/analyze",
        "sequences": "/v1/sequences",
        "steps": "/v1/sequences/{sequence_id}/steps",
        "enrollments": "/v1/enrollments",
        "contacts": "/v1/analyze/contacts",
        "contact": "/v1/contacts/{contact_id}",
        "funnel": "/v1/sequences/{sequence_id}/funnel",
        **{
            name: f"/v1/reports/{name}"
            for name in ("monthly", "trend", "engagement", "times", "variants", "opens", "sentiment", "leaderboard", "senders", "custom")
        },
    }


@pytest.mark.parametrize("name", REPORTS)
async def test_lines_have_the_columns_of_the_export_and_its_records(served: Served, client: AsyncClient, name: str) -> None:
    given = OWN.get(name, {})
    answer = await client.get(path(name), params={**given, "format": ["csv"]})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    head, *rows = csv.reader(io.StringIO(answer.text))
    subject = REPORTS[name].subject
    question = ask(name, account="default", subject=None if subject is None else SUBJECTS[subject], parameters=given)
    assert head == [column.name for column in columns(question)]
    lines = await client.get(path(name), params=given, headers={"Accept": "application/x-ndjson"})
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    told = expected(served, name, given)
    listed = record_list(REPORTS[name].result)
    assert [json.loads(line) for line in lines.text.splitlines()] == ([told] if listed is None else told[listed])
    assert len(rows) == len(lines.text.splitlines())


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Form.JSON),
        ("*/*", Form.JSON),
        ("text/*", Form.CSV),
        ("application/*;q=0.2, text/csv;q=0.9", Form.CSV),
        ("text/csv;q=0, application/x-ndjson", Form.NDJSON),
        ("text/html, */*;q=0.1", Form.JSON),
        ("text/csv;q=much, application/json", Form.JSON),
    ],
)
async def test_the_header_accept_chooses_the_form(client: AsyncClient, accept: str | None, form: Form) -> None:
    answer = await client.get("/v1/sequences", headers={} if accept is None else {"Accept": accept})
    assert answer.headers["Content-Type"].partition(";")[0] == form.media_type
    assert "Accept" in answer.headers["Vary"]


async def test_what_cannot_be_written_as_wished_is_said(client: AsyncClient) -> None:
    assert problem(await client.get("/v1/analyze", headers={"Accept": "text/html"}))["status"] == 406
    assert problem(await client.get("/v1/analyze?format=xml"))["parameter"] == "format"


async def test_pages_are_linked_in_every_form(client: AsyncClient) -> None:
    found: list[str] = []
    url, pages = "/v1/enrollments?limit=60&opens=all&format=ndjson", 0
    while url:
        answer = await client.get(url)
        found += [json.loads(line)["enrollment_id"] for line in answer.text.splitlines()]
        url, pages = str(answer.links["next"]["url"]) if "next" in answer.links else "", pages + 1
        url = f"/v1/enrollments{url}" if url else ""
    whole = (await client.get("/v1/enrollments?limit=1000")).json()
    assert (pages, found) == (3, [row["enrollment_id"] for row in whole["enrollments"]])


async def test_an_id_may_have_slashes_in_it(client: AsyncClient) -> None:
    told = problem(await client.get("/v1/sequences/a%2Fsteps%2Fb/performance"))
    assert (told["status"], told["id"]) == (404, "a/steps/b")
    assert problem(await client.get("/v1/contacts/..%2F"))["id"] == "../"


async def test_large_answers_are_zipped_where_that_is_understood(client: AsyncClient) -> None:
    zipped = await client.get("/v1/enrollments", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/v1/enrollments", headers={"Accept-Encoding": "identity"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert zipped.json() == plain.json()
    assert int(zipped.headers["Content-Length"]) < len(plain.content) / 3


async def test_who_waits_for_the_log_holds_up_nobody_else(served: Served) -> None:
    gate, asked = Event(), Semaphore(0)

    def slow() -> Log:
        asked.release()
        gate.wait(10)
        raise LogUnavailable("away")

    served.log = slow
    async with served.client() as client:
        waiting = [create_task(client.get(f"/v1/contacts/{CONTACT}", params={"team": f"t-{number}"})) for number in range(6)]
        try:
            await to_thread(asked.acquire, timeout=10)
            answer = await wait_for(client.get(f"/v1/sequences/{SEQUENCE}/performance", params={"team": "t"}), 5)
            assert answer.status_code == 200
        finally:
            gate.set()
        assert {one.status_code for one in await gather(*waiting)} == {503}
