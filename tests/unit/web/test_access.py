"""A token says who asks, and what for; nobody sees another account."""

from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from projections.reports import REPORTS
from tests.unit.web.conftest import CONTACT, OTHER, SEQUENCE, Served, company, problem
from tests.unit.web.test_reports import OWN, path
from web.live import PATH
from web.session import COOKIE, Sessions
from web.tokens import Scope, Token, TokenFileError, Tokens

NOW = "2026-01-01T00:00:00Z"
OPEN = ("/", "/healthz", "/readyz", "/v1/openapi.json", "/login", "/logout")
"""What needs no token; besides, static files."""
OF_THE_COMPANY = {"sequence_id": SEQUENCE, "contact_id": CONTACT, "company_id": "co-00007", "dashboard_id": "sales", "name": "monthly"}
NEEDED = {"/v1/events": Scope.PUBLISH, "/metrics": Scope.OPERATE, "/system": Scope.OPERATE, "/dashboards/add": Scope.ACT}
"""Where it is not the scope to read, nor, for what changes something, to act."""
MARKS = ("Spring outreach", "renewal-check", "team-north", "mei.olsen", "Rossi", "Harbour Foods")
"""What only the company has, and no path that is asked for."""


def made(served: Served, account: str, *scopes: Scope) -> tuple[Token, str]:
    return served.tokens.create(account, list(scopes), "", NOW)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


class Way(NamedTuple):
    """A method of a route, with ids of the company in its path."""

    method: str
    path: str
    page: bool
    """Whether people look at it."""


def ways(app: FastAPI) -> list[Way]:
    """Everything that can be asked of the app, but for what needs no token."""
    found = []
    for route in app.routes:
        assert isinstance(route, Route)
        if route.path in OPEN or route.path.startswith("/static/"):
            continue
        named = {name: OF_THE_COMPANY[name] for name in route.param_convertors}
        filled = route.path.replace(":path}", "}").format(**named)
        page = not route.path.startswith("/v1/") and route.path != "/metrics"
        found += [Way(method, filled, page) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


async def test_without_any_token_this_machine_may_ask_by_its_own_names_only(served: Served) -> None:
    async with served.client() as client:
        for host in ("127.0.0.1", "localhost:8340", "[::1]:8340"):
            assert (await client.get("/v1/analyze", headers={"Host": host})).status_code == 200
        for host in (
            "a`b.evil.example",
            'a"b.evil.example',
            "a{b.evil.example",
            "evil.example@127.0.0.1",
            "[::1",
            "a]b[",
            "",
            "127.0.0.1/x",
        ):
            assert (await client.get("/v1/analyze", headers={"Host": host})).status_code == 403, host
        for way in ways(served.app()):
            answer = await client.request(way.method, way.path, headers={"Host": "evil.example"})
            assert answer.status_code == 403
            assert way.page or problem(answer)["type"] == "urn:tally:host"
            assert SEQUENCE not in answer.text


async def test_with_a_token_every_route_needs_one(served: Served) -> None:
    made(served, "default", Scope.READ)
    async with served.client() as client:
        for way in ways(served.app()):
            for headers in ({}, bearer("tally_wrong"), {"Authorization": "Basic dGFsbHk6eA=="}, bearer(""), {"Cookie": f"{COOKIE}=x.1.x"}):
                answer = await client.request(way.method, way.path, headers=headers)
                if way.page:
                    assert (answer.status_code, answer.headers["Location"].partition("?")[0], answer.text) == (303, "/login", "")
                else:
                    assert (problem(answer)["status"], answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        for path in ("/healthz", "/readyz", "/login"):
            assert (await client.get(path)).status_code == 200


async def test_a_token_without_the_scope_gets_nothing_from_any_route(served: Served) -> None:
    async with served.client() as client:
        for way in ways(served.app()):
            for scope in Scope:
                _, secret = made(served, "default", scope)
                if way.path == PATH and scope is Scope.READ:
                    continue  # has no end
                answer = await client.request(way.method, way.path, headers=bearer(secret))
                told = "token does not allow to" in answer.text
                assert told is (answer.status_code == 403)
                reads = way.method == "GET" or way.path == "/v1/batch"
                assert told is (scope is not NEEDED.get(way.path, Scope.READ if reads else Scope.ACT)), (way, scope)


async def test_a_session_may_look_wherever_its_token_may_and_changes_nothing_by_itself(served: Served) -> None:
    _, secret = made(served, "default", *Scope)
    cookie = {"Cookie": f"{COOKIE}={Sessions(served.tokens).open(secret)}"}
    async with served.client() as client:
        for way in ways(served.app()):
            if way.path == PATH:
                continue  # has no end
            answer = await client.request(way.method, way.path, headers=cookie)
            if way.method == "GET":
                by_token = await client.request(way.method, way.path, headers=bearer(secret))
                assert answer.status_code == by_token.status_code not in (303, 401, 403), way
            else:
                assert answer.status_code == (401 if way.path == "/v1/events" else 403)


@pytest.mark.parametrize("form", ["bearer", "session"])
async def test_no_page_tells_of_another_account(served: Served, form: str) -> None:
    _, ours = made(served, "default", *Scope)
    _, foreign = made(served, OTHER, *Scope)
    _, nobody = made(served, "nobody", *Scope)
    async with served.client() as client:
        seen = set()
        for way in ways(served.app()):
            if way.method != "GET" or not way.page:
                continue
            for secret in (ours, foreign, nobody):
                session = {"Cookie": f"{COOKIE}={Sessions(served.tokens).open(secret)}"}
                answer = await client.request(way.method, way.path, headers=bearer(secret) if form == "bearer" else session)
                marks = {mark for mark in MARKS if mark in answer.text}
                if secret == ours:
                    seen |= marks
                else:
                    assert not marks, way
        assert seen, "there is something to be seen"


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


async def test_the_last_token_gone_nothing_opens_in_the_next_process_either(served: Served, tmp_path: Path) -> None:
    token, _ = made(served, "default", Scope.READ)
    assert served.tokens.revoke(token.id)

    def started() -> Served:
        return Served(Tokens(tmp_path / "tokens.json"))

    async with started().client() as client:
        assert (await client.get("/v1/analyze")).status_code == 401
        (tmp_path / "tokens.json").unlink()
        assert (await client.get("/v1/analyze")).status_code == 401, "not while it runs"
    async with started().client() as client:
        assert (await client.get("/v1/analyze")).status_code == 200, "the file was deleted, and the server started"


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
