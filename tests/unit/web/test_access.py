"""A token says who asks, and what for; nobody sees another account."""

from pathlib import Path

import pytest
from httpx import AsyncClient

from projections.reports import REPORTS
from tests.unit.web.conftest import OTHER, SEQUENCE, Served, company, problem
from tests.unit.web.test_reports import OWN, path
from web.tokens import Scope, Token, TokenFileError, Tokens

NOW = "2026-01-01T00:00:00Z"


def made(served: Served, account: str, *scopes: Scope) -> tuple[Token, str]:
    return served.tokens.create(account, list(scopes), "", NOW)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def routes(client: AsyncClient) -> list[tuple[str, str]]:
    """(method, path) of everything that needs a token."""
    described = (await client.get("/v1/openapi.json")).json()["paths"]
    filled = [(method, one) for one, methods in described.items() for method in methods]
    return [*filled, ("get", "/metrics")]


async def test_without_any_token_this_machine_may_ask_by_its_own_names_only(client: AsyncClient) -> None:
    for host in ("127.0.0.1", "localhost:8340", "[::1]:8340"):
        assert (await client.get("/v1/analyze", headers={"Host": host})).status_code == 200
    for method, one in await routes(client):
        told = problem(await client.request(method, one, headers={"Host": "evil.example"}))
        assert (told["status"], told["type"]) == (403, "urn:tally:host")


async def test_with_a_token_every_route_needs_one(served: Served) -> None:
    made(served, "default", Scope.READ)
    async with served.client() as client:
        for method, one in await routes(client):
            for headers in ({}, bearer("tally_wrong"), {"Authorization": "Basic dGFsbHk6eA=="}, bearer("")):
                answer = await client.request(method, one, headers=headers)
                assert (problem(answer)["status"], answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200


async def test_a_token_allows_what_its_scopes_say(served: Served) -> None:
    _, secret = made(served, "default", Scope.PUBLISH, Scope.ACT)
    _, operator = made(served, "default", Scope.OPERATE)
    async with served.client() as client:
        told = problem(await client.get("/v1/analyze", headers=bearer(secret)))
        assert (told["status"], told["detail"]) == (403, "the token does not allow to read; it allows to publish, act")
        assert problem(await client.get("/metrics", headers=bearer(secret)))["status"] == 403
        assert "tally_web_requests_total" in (await client.get("/metrics", headers=bearer(operator))).text


@pytest.mark.parametrize("name", REPORTS)
async def test_no_report_tells_of_another_account(served: Served, name: str) -> None:
    _, foreign = made(served, OTHER, *Scope)
    _, nobody = made(served, "nobody", *Scope)
    async with served.client() as client:
        answers = [await client.get(path(name), params=OWN.get(name, {}), headers=bearer(secret)) for secret in (foreign, nobody)]
    if REPORTS[name].subject is not None:
        assert [problem(answer)["status"] for answer in answers] == [404, 404]
    else:
        assert [answer.status_code for answer in answers] == [200, 200]
        assert not any(text in answer.text for answer in answers for text in (SEQUENCE, "c-0000", "team-north"))
        assert ("s-1" in answers[0].text, "s-1" in answers[1].text) in ((True, False), (False, False))


async def test_neither_a_cursor_nor_a_batch_nor_an_etag_leads_into_another_account(served: Served) -> None:
    _, ours = made(served, "default", *Scope)
    _, foreign = made(served, OTHER, *Scope)
    async with served.client() as client:
        first = await client.get("/v1/enrollments?limit=1", headers=bearer(ours))
        next_page = {"limit": "1", "cursor": first.json()["next"]}
        assert problem(await client.get("/v1/enrollments", params=next_page, headers=bearer(foreign)))["parameter"] == "cursor"
        tagged = await client.get("/v1/enrollments?limit=1", headers={**bearer(foreign), "If-None-Match": first.headers["ETag"]})
        assert tagged.status_code == 200
        asked = {"questions": [{"report": "performance", "parameters": {"sequence_id": SEQUENCE}}, {"report": "enrollments"}]}
        batch = (await client.post("/v1/batch", json=asked, headers=bearer(foreign))).json()["answers"]
    assert batch[0]["status"] == 404
    assert {row["contact_id"] for row in batch[1]["answer"]["enrollments"]} == {"zoe"}


async def test_a_token_counts_at_once_and_not_after_it_is_revoked(served: Served) -> None:
    async with served.client() as client:
        assert (await client.get("/v1/analyze")).status_code == 200
        token, secret = made(served, "default", Scope.READ)
        assert (await client.get("/v1/analyze")).status_code == 401
        assert (await client.get("/v1/analyze", headers=bearer(secret))).status_code == 200
        assert served.tokens.revoke(token.id)
        assert (await client.get("/v1/analyze", headers=bearer(secret))).status_code == 401
        assert (await client.get("/v1/analyze")).status_code == 401, "nothing opens by itself"


async def test_a_file_that_cannot_be_read_lets_nobody_in(served: Served, tmp_path: Path) -> None:
    made(served, "default", Scope.READ)
    (tmp_path / "tokens.json").write_text("{")
    async with served.client() as client:
        answer = await client.get("/v1/analyze")
        assert problem(answer)["status"] == 500
        assert str(tmp_path) not in answer.text


def test_tokens_outlive_the_process_and_are_kept_as_hashes_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "tokens.json"
    token, secret = Tokens(path).create("acme", [Scope.READ], "dashboard", NOW)
    again = Tokens(path)
    assert again.all() == [token]
    assert again.find(secret) == token
    assert again.find(secret[:-1]) is None
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret not in path.read_text()
    assert len({Tokens(path).create("acme", [Scope.READ], "", NOW)[1] for _ in range(3)}) == 3
    assert (again.revoke(token.id), again.revoke(token.id)) == (True, False)
    assert again.find(secret) is None
    assert len(again.all()) == 3


def test_a_file_of_tokens_that_is_none_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "tokens.json").write_text('{"tokens": [{"id": 1}]}')
    with pytest.raises(TokenFileError, match="restore the file, or name another one in TALLY_TOKENS"):
        Tokens(tmp_path / "tokens.json").all()


def test_the_other_account_has_something_to_hide() -> None:
    assert any(b"zoe" in (record.value or b"") for records in company()[1].records.values() for record in records)
