"""Actions are events: refused where they would be wrong, in the log when they are answered, and true when they have come back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient, Response

from events.log.port import Log, LogUnavailable
from projections.standing import EnrollmentKey, Standing
from tests.stories import event
from tests.unit.web.conftest import Served, problem
from tests.unit.web.shop import Shop
from web.access import Caller
from web.acting import Desk
from web.actions import MOST, MOST_BYTES
from web.tokens import Scope, Token

NOW = "2026-01-01T00:00:00Z"
ACCOUNT = "acme"


def key(contact: str) -> dict[str, str]:
    return {"contact_id": contact, "sequence_id": "spring", "enrollment_id": f"e-{contact}"}


def happened(what: str, contact: str, time: str, account: str = ACCOUNT, **data: Any) -> dict[str, Any]:
    return event(f"enrollment.{what}", time, account, **key(contact), **data)


EVENTS = [
    *(happened("started", contact, "09:00") for contact in ("active", "paused", "finished", "errored", "replied", "other")),
    happened("paused", "paused", "10:00"),
    happened("finished", "finished", "10:00"),
    happened("errored", "errored", "10:00"),
    happened("unenrolled", "replied", "10:00", reason="replied"),
    happened("scheduled", "scheduled", "09:00"),
    happened("scheduled", "canceled", "09:00"),
    happened("unenrolled", "canceled", "10:00", reason="manual"),
    event("email.delivered", "09:00", ACCOUNT, **key("orphan"), message_id="m-1"),
    happened("started", "stranger", "09:00", "foreign"),
    happened("started", "twice", "09:00"),
    event("enrollment.paused", "09:30", ACCOUNT, **{**key("twice"), "sequence_id": "autumn"}),
    event("enrollment.started", "09:00", ACCOUNT, **{**key("twice"), "sequence_id": "autumn"}),
]
STATUSES = {
    "active": "active",
    "paused": "paused",
    "finished": "finished",
    "errored": "errored",
    "replied": "unenrolled",
    "scheduled": "scheduled",
    "canceled": "canceled",
    "orphan": "orphan",
}


@pytest.fixture
async def shop(served: Served) -> Shop:
    shop = Shop(served, *EVENTS)
    await shop.apply()
    return shop


@pytest.fixture
def token(served: Served) -> tuple[Token, str]:
    return served.tokens.create(ACCOUNT, [Scope.ACT, Scope.READ], "Eva's dashboard", NOW)


@pytest.fixture
async def client(served: Served, shop: Shop, token: tuple[Token, str]) -> AsyncIterator[AsyncClient]:
    async with served.client(Authorization=f"Bearer {token[1]}") as client:
        yield client


async def act(client: AsyncClient, action: str, *contacts: str, **headers: str) -> Response:
    return await client.post("/v1/actions", json={"action": action, "enrollments": [key(one) for one in contacts]}, headers=headers)


async def status(client: AsyncClient, contact: str) -> tuple[str, str | None]:
    listed = [f"status={one}" for one in (*("active", "paused", "finished", "unenrolled", "errored"), *("scheduled", "canceled"))]
    rows = (await client.get(f"/v1/enrollments?{'&'.join(listed)}")).json()["enrollments"]
    (row,) = [row for row in rows if row["contact_id"] == contact]
    return row["status"], row["reason"]


@pytest.mark.parametrize(
    ("action", "contact", "type_", "wanted", "reason"),
    [
        ("pause", "active", "enrollment.paused", "paused", None),
        ("resume", "paused", "enrollment.resumed", "active", None),
        ("unenroll", "active", "enrollment.unenrolled", "unenrolled", "manual"),
        ("unenroll", "paused", "enrollment.unenrolled", "unenrolled", "manual"),
        ("unenroll", "scheduled", "enrollment.unenrolled", "canceled", "manual"),
    ],
)
async def test_an_action_goes_into_the_log_and_comes_back_as_a_status(
    client: AsyncClient, shop: Shop, token: tuple[Token, str], action: str, contact: str, type_: str, wanted: str, reason: str | None
) -> None:
    answer = await act(client, action, contact)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["action"], told["accepted"], told["refused"]) == (action, 1, 0)
    (verdict,) = told["enrollments"]
    (written,) = shop.written()
    assert verdict == {
        "index": 0,
        **key(contact),
        "status": "accepted",
        "current": STATUSES[contact],
        "wanted": wanted,
        "event_id": written["id"],
        "time": written["time"],
        "partition": verdict["partition"],
        "offset": verdict["offset"],
    }
    record = shop.log.records["enrollment-events", verdict["partition"]][verdict["offset"]]
    assert record.key == f"{ACCOUNT}/{contact}".encode()
    assert written == {
        "specversion": "1.0",
        "type": type_,
        "source": "tally/dashboard",
        "id": verdict["event_id"],
        "time": verdict["time"],
        "account": ACCOUNT,
        "actor": token[0].id,
        "actorlabel": "Eva's dashboard",
        "data": {**key(contact), **({"reason": reason} if reason else {})},
    }
    assert (await status(client, contact))[0] == STATUSES[contact], "nothing but the projection changes it"
    await shop.apply()
    assert await status(client, contact) == (wanted, reason)


async def test_a_dry_run_tells_what_could_be_done_and_does_nothing(client: AsyncClient, shop: Shop) -> None:
    contacts = ("active", "paused", "finished")
    answer = await client.post("/v1/actions", json={"action": "pause", "enrollments": [key(one) for one in contacts], "dry_run": True})
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (200, 0, 2)
    assert [(one["status"], one["current"]) for one in told["enrollments"]] == [
        ("possible", "active"),
        ("refused", "paused"),
        ("refused", "finished"),
    ]
    assert told["enrollments"][0]["wanted"] == "paused"
    assert shop.written() == []


async def test_every_other_action_is_refused_with_a_reason(client: AsyncClient, shop: Shop) -> None:
    legal = {("pause", "active"), ("resume", "paused"), *(("unenroll", one) for one in ("active", "paused", "scheduled"))}
    for action in ("pause", "resume", "unenroll"):
        for contact, current in STATUSES.items():
            if (action, contact) in legal:
                continue
            told = problem(await act(client, action, contact))
            assert (told["status"], told["type"]) == (400, "urn:tally:refused")
            (verdict,) = told["enrollments"]
            ended = contact in ("finished", "errored", "replied", "canceled")
            assert (verdict["status"], verdict["current"]) == ("refused", current)
            assert verdict["reason"] == ("ended" if ended else "wrong_status")
            assert "event_id" not in verdict
    assert shop.written() == []


@pytest.mark.parametrize(
    ("action", "contact", "detail"),
    [
        ("pause", "paused", "only an active enrollment can be paused; this one is paused"),
        ("resume", "active", "only a paused enrollment can be resumed; this one is active"),
        ("pause", "scheduled", "only an active enrollment can be paused; this one has not started yet"),
        ("pause", "replied", "only an active enrollment can be paused; this one was unenrolled (replied)"),
        ("resume", "finished", "only a paused enrollment can be resumed; this one has finished"),
        ("unenroll", "errored", "only an active, paused or scheduled enrollment can be unenrolled; this one has ended with an error"),
        ("unenroll", "canceled", "this one was canceled before it started (manual)"),
        ("unenroll", "orphan", "this one was never started"),
        ("pause", "nobody", "no event has named this enrollment"),
    ],
)
async def test_the_reason_is_in_words(client: AsyncClient, action: str, contact: str, detail: str) -> None:
    assert problem(await act(client, action, contact))["enrollments"][0]["detail"].endswith(detail)


async def test_what_can_be_done_is_done_beside_what_cannot(client: AsyncClient, shop: Shop) -> None:
    answer = await act(client, "pause", "active", "paused", "nobody", "active", "other")
    assert answer.status_code == 207
    told = answer.json()
    assert (told["accepted"], told["refused"]) == (2, 3)
    assert [(one["index"], one["contact_id"], one["status"], one.get("reason")) for one in told["enrollments"]] == [
        (0, "active", "accepted", None),
        (1, "paused", "refused", "wrong_status"),
        (2, "nobody", "refused", "unknown_enrollment"),
        (3, "active", "refused", "repeated"),
        (4, "other", "accepted", None),
    ]
    assert sorted(one["data"]["contact_id"] for one in shop.written()) == ["active", "other"]


async def test_all_three_ids_have_to_be_those_of_the_enrollment(client: AsyncClient, shop: Shop) -> None:
    wrong = [{**key("active"), name: value} for name, value in (("sequence_id", "autumn"), ("enrollment_id", "e-paused"))]
    told = problem(await client.post("/v1/actions", json={"action": "pause", "enrollments": wrong}))
    assert {one["reason"] for one in told["enrollments"]} == {"unknown_enrollment"}
    assert shop.written() == []


async def test_an_enrollment_of_the_same_id_in_another_sequence_is_another(client: AsyncClient, shop: Shop) -> None:
    both = [key("twice"), {**key("twice"), "sequence_id": "autumn"}]
    told = (await client.post("/v1/actions", json={"action": "pause", "enrollments": both})).json()
    assert [(one["sequence_id"], one["current"], one["status"]) for one in told["enrollments"]] == [
        ("spring", "active", "accepted"),
        ("autumn", "paused", "refused"),
    ]


async def test_nobody_acts_in_another_account(client: AsyncClient, served: Served, shop: Shop) -> None:
    assert problem(await act(client, "pause", "stranger"))["enrollments"][0]["reason"] == "unknown_enrollment"
    _, foreign = served.tokens.create("foreign", [Scope.ACT], "", NOW)
    headers = {"Authorization": f"Bearer {foreign}"}
    assert problem(await act(client, "pause", "active", **headers))["enrollments"][0]["reason"] == "unknown_enrollment"
    assert shop.written() == []
    assert (await act(client, "pause", "stranger", **headers)).status_code == 200
    (written,) = shop.written()
    assert written["account"] == "foreign"
    assert "actorlabel" not in written


async def test_it_takes_a_token_that_may_act(served: Served, shop: Shop) -> None:
    _, reader = served.tokens.create(ACCOUNT, [Scope.READ, Scope.PUBLISH, Scope.OPERATE], "", NOW)
    async with served.client(Authorization=f"Bearer {reader}") as client:
        told = problem(await act(client, "pause", "active"))
    assert (told["status"], told["type"]) == (403, "urn:tally:scope")
    assert shop.written() == []


async def test_events_of_one_enrollment_keep_the_order_in_which_they_were_asked_for(client: AsyncClient, shop: Shop) -> None:
    for action, after in (("pause", "paused"), ("resume", "active"), ("pause", "paused")):
        assert (await act(client, action, "active")).status_code == 200
        await shop.apply()
        assert (await status(client, "active"))[0] == after
    times = [one["time"] for one in shop.written()]
    assert times == sorted(set(times))


async def test_what_a_mailer_has_said_of_the_future_is_not_the_last_word(client: AsyncClient, shop: Shop) -> None:
    ahead = {**happened("paused", "other", "10:00"), "time": "2099-12-31T00:00:00Z"}
    shop.log.add(ahead)
    await shop.apply()
    told = problem(await act(client, "resume", "other"))  # more than 24 hours ahead: no publisher could say it
    assert (told["enrollments"][0]["reason"], "wanted" in told["enrollments"][0]) == ("time_out_of_range", False)


def test_the_time_is_later_than_any_before_whatever_the_clock_does() -> None:
    clock = iter([5_000, 1_000, 1_000, 7_000, 1_000]).__next__
    desk = Desk(clock)
    one, other = EnrollmentKey("ada", "spring", "e-1"), EnrollmentKey("bob", "spring", "e-1")
    caller = Caller(ACCOUNT, None)

    def time(key: EnrollmentKey, switched_at: int = 0, caller: Caller = caller) -> str:
        return desk.ask("unenroll", key, Standing("active", None, switched_at), caller).time[17:]

    assert [time(one), time(one), time(other), time(one, 9_000), time(one, 0, Caller("other", None))] == [
        "05Z",
        "05.001Z",
        "01Z",
        "09.001Z",
        "01Z",
    ]


async def test_what_the_log_does_not_acknowledge_may_be_done_again(client: AsyncClient, shop: Shop) -> None:
    shop.log.fails = [b'"other"']
    answer = await act(client, "pause", "active", "other", "paused")
    told = problem(answer)
    assert (told["status"], answer.headers["Retry-After"]) == (503, "1")
    assert [(one["status"], "offset" in one) for one in told["enrollments"]] == [
        ("accepted", True),
        ("unconfirmed", False),
        ("refused", False),
    ]
    assert "10.1.2.3" not in answer.text
    shop.log.fails = []
    assert (await act(client, "pause", "active", "other")).status_code == 200
    await shop.apply()
    assert (await status(client, "other"))[0] == "paused"


async def test_while_the_log_is_away_nothing_is_done_and_what_is_illegal_is_told(client: AsyncClient, served: Served) -> None:
    def away() -> Log:
        raise LogUnavailable("away")

    served.log = away
    async with served.client(Authorization=client.headers["Authorization"]) as client:
        assert problem(await act(client, "pause", "active"))["status"] == 503
        assert problem(await act(client, "pause", "paused"))["status"] == 400


@pytest.mark.parametrize(
    ("content", "content_type", "code", "named"),
    [
        ("{", "application/json", 400, "body"),
        ("[]", "application/json", 400, "body"),
        ('{"action": "erase", "enrollments": []}', "application/json", 400, "action"),
        ('{"action": "pause"}', "application/json", 400, "enrollments"),
        ('{"action": "pause", "enrollments": []}', "application/json", 400, "enrollments"),
        ('{"action": "pause", "enrollments": [{"contact_id": "a"}]}', "application/json", 400, "enrollments.0.sequence_id"),
        (
            '{"action": "pause", "enrollments": [{"contact_id": "a\\n", "sequence_id": "s", "enrollment_id": "e"}]}',
            "application/json",
            400,
            "enrollments.0.contact_id",
        ),
        (f'{{"action": "pause", "enrollments": [{",".join(["{}"] * (MOST + 1))}]}}', "application/json", 400, "enrollments"),
        ("action=pause", "application/x-www-form-urlencoded", 415, None),
        (" " * (MOST_BYTES + 1), "application/json", 413, None),
    ],
)
async def test_what_is_no_action_is_refused(
    client: AsyncClient, shop: Shop, content: str, content_type: str, code: int, named: str | None
) -> None:
    told = problem(await client.post("/v1/actions", content=content, headers={"Content-Type": content_type}))
    assert told["status"] == code
    assert named is None or named in (told.get("parameter"), told["type"].rpartition(":")[2])
    assert shop.written() == []


async def test_as_many_as_are_allowed_with_the_longest_ids(client: AsyncClient) -> None:
    longest = [{"contact_id": f"{number}".ljust(128, "€"), "sequence_id": "s" * 128, "enrollment_id": "e" * 128} for number in range(MOST)]
    told = problem(await client.post("/v1/actions", json={"action": "pause", "enrollments": longest}))
    assert (told["status"], told["refused"]) == (400, MOST)
