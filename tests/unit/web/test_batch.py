"""Several questions in one call: each as if asked by itself."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient, Response

from tests.unit.web.conftest import SEQUENCE, Served, problem, until
from web import batch
from web.batch import MOST, MOST_BYTES
from web.settings import WebSettings


async def test_each_question_is_answered_by_itself(client: AsyncClient) -> None:
    asked = [
        {"report": "performance", "parameters": {"sequence_id": SEQUENCE, "team": ["team-north"]}, "title": "North"},
        {"report": "performance", "parameters": {"sequence_id": "absent"}},
        {"report": "performance"},
        {"report": "nonsense"},
        {"report": "analyze", "parameters": {"opens": "everybody"}},
        {"report": "contact", "parameters": {"contact_id": "c-000012"}},
    ]
    answers = (await client.post("/v1/batch", json={"questions": asked})).json()["answers"]
    assert [one["status"] for one in answers] == [200, 404, 400, 400, 400, 200]
    assert answers[0]["answer"] == (await client.get(f"/v1/sequences/{SEQUENCE}/performance?team=team-north")).json()
    assert answers[5]["answer"] == (await client.get("/v1/contacts/c-000012")).json()
    assert [one["problem"]["parameter"] for one in answers[2:5]] == ["sequence_id", "report", "opens"]


async def test_many_sequences_are_read_in_one_call(client: AsyncClient) -> None:
    names = [line["sequence_id"] for line in (await client.get("/v1/sequences")).json()["sequences"]]
    asked = [{"report": "performance", "parameters": {"sequence_id": name}} for name in names] * 8
    answers = (await client.post("/v1/batch", json={"questions": asked})).json()["answers"]
    assert [one["answer"]["sequence_id"] for one in answers] == names * 8


async def test_what_is_beyond_the_room_for_answers_is_to_be_asked_by_itself(client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_ANSWERED", 4_000)
    asked = [{"report": "analyze"}, {"report": "enrollments", "parameters": {"limit": "1000"}}, {"report": "analyze"}]
    answers = (await client.post("/v1/batch", json={"questions": asked})).json()["answers"]
    assert [one["status"] for one in answers] == [200, 413, 200]
    assert answers[1]["problem"]["type"] == "urn:tally:too-large"
    assert answers[0] == answers[2]


@pytest.mark.parametrize(
    ("content", "content_type", "status", "named"),
    [
        ("{", "application/json", 400, "body"),
        ('{"questions": "all"}', "application/json", 400, "questions"),
        ('{"questions": [5]}', "application/json", 400, "questions.0"),
        ('{"questions": [{"report": "\\ud800"}]}', "application/json", 400, "body"),
        ("[]", "application/json", 400, "body"),
        (f'{{"questions": [{",".join(["{}"] * (MOST + 1))}]}}', "application/json", 400, "questions"),
        ("{}", "text/plain", 415, None),
        ('{"questions": []}' + " " * (1 << 18), "application/json", 413, None),
    ],
)
async def test_what_is_no_list_of_questions_is_refused(
    client: AsyncClient, content: str, content_type: str, status: int, named: str | None
) -> None:
    told = problem(await client.post("/v1/batch", content=content, headers={"Content-Type": content_type}))
    assert told["status"] == status
    assert named is None or named in (told.get("parameter"), told["type"].rpartition(":")[2])


async def test_bodies_take_room(served: Served) -> None:
    served.settings = WebSettings(web_bytes_in_flight=10 << 20)
    gate = asyncio.Event()
    begun: list[int] = []

    async def slow() -> AsyncIterator[bytes]:
        yield b" " * (MOST_BYTES - 100)
        begun.append(1)
        await gate.wait()
        yield b'{"questions": []}'

    async with served.client() as client:

        async def ask(content: bytes | AsyncIterator[bytes]) -> Response:
            return await client.post("/v1/batch", content=content, headers={"Content-Type": "application/json"})

        most = (5 << 20) // MOST_BYTES  # half of the room, for the one account that there is
        waiting = [asyncio.create_task(ask(slow())) for _ in range(most)]
        await until(lambda: len(begun) == most)
        assert problem(await ask(b'{"questions": []}' + b" " * 4_000))["status"] == 429
        gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}
        assert (await ask(b'{"questions": []}')).status_code == 200


async def test_a_body_of_unknown_length_is_read_up_to_the_limit(client: AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 4096

    told = problem(await client.post("/v1/batch", content=endless(), headers={"Content-Type": "application/json"}))
    assert told["status"] == 413
