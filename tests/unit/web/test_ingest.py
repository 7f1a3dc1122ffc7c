"""Events over HTTP: in every form, with a verdict on each, and never more of them on their way than there is room for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response

from events.log.port import Acknowledge, Log, LogUnavailable
from events.log.record import Appended, NewRecord
from events.refusal import Reason
from tests.stories import event
from tests.unit.streams.memory_log import MemoryLog
from tests.unit.web.conftest import Served, problem, until
from web.cloudevents import BATCH, MOST, PLAIN, SINGLE
from web.ingest import MOST_BYTES
from web.settings import WebSettings
from web.tokens import Scope

OPENED = event("email.opened", "10:00", contact_id="ada", message_id="m-1")
BAD = event("email.opened", "10:00", contact_id="ada")


class Shelf(MemoryLog):
    """A log in memory, which may keep everybody waiting, or fail."""

    def __init__(self) -> None:
        super().__init__()
        self.fails: Callable[[NewRecord], Exception | None] = lambda _: None
        self.waiting: list[Callable[[], None]] | None = None

    def send(self, record: NewRecord, acknowledge: Acknowledge) -> None:
        def end() -> None:
            failure = self.fails(record)
            acknowledge(self.append([record])[0] if failure is None else failure)

        if self.waiting is None:
            end()
        else:
            self.waiting.append(end)

    def all(self) -> list[Any]:
        return [record.value and json.loads(record.value) for records in self.records.values() for record in records]


@pytest.fixture
def log(served: Served) -> Shelf:
    shelf = Shelf()
    served.log = lambda: shelf
    return shelf


@pytest.fixture
async def client(served: Served, log: Shelf) -> AsyncIterator[AsyncClient]:
    async with served.client() as client:
        yield client


async def publish(client: AsyncClient, *events: object, query: str = "", **headers: str) -> Response:
    return await client.post(f"/v1/events{query}", content=json.dumps(events), headers={"Content-Type": BATCH, **headers})


async def test_one_event_in_each_mode(client: AsyncClient, log: Shelf) -> None:
    whole = json.dumps(OPENED, indent=1)
    attributes = {f"ce-{name}": value for name, value in OPENED.items() if name != "data"}
    attributes |= {"ce-id": "caf%C3%A9", "Content-Type": f"{PLAIN}; charset=utf-8"}
    for content, headers in (
        (whole, {"Content-Type": f"{SINGLE}; charset=UTF-8"}),
        (whole, {"Content-Type": PLAIN}),
        (json.dumps(OPENED["data"]), attributes),
    ):
        answer = await client.post("/v1/events", content=content, headers=headers)
        assert answer.status_code == 200
        told = answer.json()
        assert (told["accepted"], told["refused"]) == (1, 0)
        assert told["events"] == [{"index": 0, "status": "accepted", "partition": 0, "offset": len(log.all()) - 1}]
    structured, bare, binary = log.records["email-events", 0]
    assert structured.value == bare.value == whole.encode(), "written as it came"
    assert binary.value is not None
    assert json.loads(binary.value) == {**OPENED, "id": "café", "time": "2026-03-02T10:00:00Z"}
    assert {record.key for record in (structured, bare, binary)} == {b"default/ada"}


async def test_each_event_of_a_batch_has_its_verdict(client: AsyncClient, log: Shelf) -> None:
    answer = await publish(client, OPENED, BAD, "text", {**OPENED, "id": "2"}, {**OPENED, "type": "email.eaten"})
    assert answer.status_code == 207
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (2, 3)
    assert [one["status"] for one in told["events"]] == ["accepted", "refused", "refused", "accepted", "refused"]
    assert [one["index"] for one in told["events"]] == list(range(5))
    assert [(one["reason"], one.get("field")) for one in told["events"] if one["status"] == "refused"] == [
        (Reason.INVALID_DATA, "data.message_id"),
        (Reason.NOT_AN_EVENT, None),
        (Reason.UNKNOWN_TYPE, "type"),
    ]
    assert log.all() == [OPENED, {**OPENED, "id": "2"}]


async def test_all_or_nothing_writes_nothing_beside_a_bad_one(client: AsyncClient, log: Shelf) -> None:
    told = problem(await publish(client, OPENED, BAD, query="?all_or_nothing=true"))
    assert (told["status"], told["type"]) == (400, "urn:tally:refused")
    assert [one["status"] for one in told["events"]] == ["withheld", "refused"]
    assert log.all() == []
    assert (await publish(client, OPENED, query="?all_or_nothing=true")).status_code == 200
    assert log.all() == [OPENED]


async def test_nothing_good_is_a_problem_that_says_why(client: AsyncClient, log: Shelf) -> None:
    told = problem(await publish(client, BAD))
    assert (told["status"], told["refused"], told["events"][0]["field"]) == (400, 1, "data.message_id")
    assert (await publish(client)).json() == {"accepted": 0, "refused": 0, "events": []}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        ("{", BATCH, 400),
        ("{}", BATCH, 400),
        ("[" * 100_000, BATCH, 400),
        ("[" + ",".join(["0"] * (MOST + 1)) + "]", BATCH, 400),
        ("{", SINGLE, 400),
        (json.dumps(OPENED), "text/plain", 415),
        (json.dumps(OPENED), "", 415),
        (" " * (MOST_BYTES + 1), BATCH, 413),
    ],
)
async def test_what_is_none_of_it_is_refused(client: AsyncClient, log: Shelf, content: str, content_type: str, status: int) -> None:
    assert problem(await client.post("/v1/events", content=content, headers={"Content-Type": content_type}))["status"] == status
    assert log.all() == []


async def test_a_wrong_parameter_is_named(client: AsyncClient) -> None:
    assert problem(await publish(client, OPENED, query="?all_or_nothing=yes"))["parameter"] == "all_or_nothing"
    assert problem(await publish(client, OPENED, query="?sure=yes"))["parameter"] == "sure"


async def test_five_megabytes_go_in_at_once(client: AsyncClient, log: Shelf) -> None:
    events = [{**OPENED, "id": str(number), "data": {**OPENED["data"], "url": "x" * 60_000}} for number in range(80)]
    assert MOST_BYTES * 0.9 < len(json.dumps(events)) < MOST_BYTES
    assert (await publish(client, *events)).json()["accepted"] == 80


async def test_a_token_tells_of_its_own_account_only(served: Served, log: Shelf) -> None:
    _, secret = served.tokens.create("acme", [Scope.PUBLISH], "", "2026-01-01T00:00:00Z")
    _, reader = served.tokens.create("acme", [Scope.READ], "", "2026-01-01T00:00:00Z")
    ours = {**OPENED, "account": "acme"}
    absent = {name: value for name, value in OPENED.items() if name != "account"}
    async with served.client() as client:
        answer = await publish(client, ours, OPENED, absent, {**ours, "account": "other"}, Authorization=f"Bearer {secret}")
        assert problem(await publish(client, ours, Authorization=f"Bearer {reader}"))["status"] == 403
    assert [one.get("reason") for one in answer.json()["events"]] == [None, "wrong_account", "wrong_account", "wrong_account"]
    assert log.all() == [ours]


async def test_without_tokens_events_keep_the_account_they_name(client: AsyncClient, log: Shelf) -> None:
    other = {**OPENED, "account": "other"}
    assert (await publish(client, OPENED, other)).status_code == 200
    assert log.all() == [OPENED, other]


async def test_it_answers_only_when_the_log_has_acknowledged(client: AsyncClient, log: Shelf) -> None:
    log.waiting = []
    answering = asyncio.create_task(publish(client, OPENED, {**OPENED, "id": "2"}))
    await until(lambda: len(log.waiting or ()) == 2)
    log.waiting[0]()
    done, _ = await asyncio.wait({answering}, timeout=0.1)
    assert not done
    log.waiting[1]()
    assert (await answering).json()["accepted"] == 2


async def test_what_the_log_does_not_acknowledge_is_to_be_told_again(client: AsyncClient, log: Shelf) -> None:
    log.fails = lambda record: LogUnavailable("brokers at 10.1.2.3") if b'"2"' in (record.value or b"") else None
    answer = await publish(client, OPENED, {**OPENED, "id": "2"}, BAD)
    told = problem(answer)
    assert (told["status"], answer.headers["Retry-After"]) == (503, "1")
    assert [one["status"] for one in told["events"]] == ["accepted", "unconfirmed", "refused"]
    assert "10.1.2.3" not in answer.text


async def test_a_log_that_takes_no_more_is_told_of_those_it_took(client: AsyncClient, log: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def send(record: NewRecord, acknowledge: Acknowledge) -> None:
        if b'"2"' in (record.value or b""):
            raise LogUnavailable("full")
        acknowledge(Appended(0, 0))

    monkeypatch.setattr(log, "send", send)
    told = problem(await publish(client, OPENED, {**OPENED, "id": "2"}))
    assert [one["status"] for one in told["events"]] == ["accepted", "unconfirmed"]


async def test_while_the_log_is_away_nothing_is_taken(served: Served) -> None:
    def away() -> Log:
        raise LogUnavailable("away")

    served.log = away
    async with served.client() as client:
        answer = await publish(client, OPENED)
        assert (problem(answer)["status"], answer.headers["Retry-After"]) == (503, "1")


async def test_nobody_queues_for_room(served: Served, log: Shelf) -> None:
    served.settings = WebSettings(web_bytes_in_flight=10 << 20)
    log.waiting = []
    secrets = {name: served.tokens.create(name, [Scope.PUBLISH], "", "2026-01-01T00:00:00Z")[1] for name in ("a", "b", "c")}
    large = {**OPENED, "data": {**OPENED["data"], "url": "x" * 50_000}}

    async with served.client() as client:

        async def tell(account: str, count: int) -> Response:
            events = [{**large, "account": account, "id": str(number)} for number in range(count)]
            return await publish(client, *events, Authorization=f"Bearer {secrets[account]}")

        first = [asyncio.create_task(tell(account, 90)) for account in ("a", "b")]
        await until(lambda: len(log.waiting or ()) == 180)
        own, others = await tell("a", 50), await tell("c", 50)
        assert (problem(own)["status"], own.headers["Retry-After"]) == (429, "1")
        assert (problem(others)["status"], others.headers["Retry-After"]) == (503, "1")
        for end in log.waiting:
            end()
        log.waiting = None
        assert [answer.status_code for answer in await asyncio.gather(*first)] == [200, 200]
        assert (await tell("a", 50)).status_code == 200


async def test_a_body_of_unknown_length_takes_as_much_room_as_has_come(served: Served, log: Shelf) -> None:
    served.settings = WebSettings(web_bytes_in_flight=10 << 20)
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield json.dumps(OPENED).encode()[:-1]
        await gate.wait()
        yield b"}"

    async with served.client() as client:
        waiting = [asyncio.create_task(client.post("/v1/events", content=slowly(), headers={"Content-Type": SINGLE})) for _ in range(8)]
        await asyncio.sleep(0.1)
        assert (await publish(client, OPENED)).status_code == 200
        gate.set()
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} == {200}


async def test_an_event_that_no_decoder_takes_costs_no_other(client: AsyncClient, log: Shelf) -> None:
    deep = b'{"data": ' + b"[" * 1_100 + b"]" * 1_100 + b"}"
    good = [json.dumps({**OPENED, "id": name}).encode() for name in ("a", "b")]
    content = b"[%b]" % b",".join([good[0], rb'{"id": "\ud800"}', deep, b"NaN", good[1]])
    answer = await client.post("/v1/events", content=content, headers={"Content-Type": BATCH})
    assert (answer.status_code, answer.json()["accepted"], answer.json()["refused"]) == (207, 2, 3)
    assert [one["status"] for one in answer.json()["events"]] == ["accepted", "refused", "refused", "refused", "accepted"]
    assert [one["id"] for one in log.all()] == ["a", "b"]


async def test_an_erasure_is_followed_by_a_tombstone(client: AsyncClient, log: Shelf) -> None:
    assert (await publish(client, event("contact.erased", "10:00", contact_id="ada"))).status_code == 200
    assert [record.value is None for record in log.records["contact-events", 0]] == [False, True]
