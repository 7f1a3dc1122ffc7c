"""Signed in by a token: as good as the token where nothing is changed, and worth nothing without it."""

import hmac
import json
from contextlib import AsyncExitStack
from hashlib import sha256
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from fastapi import Request

from tests.unit.web.browser import HERE, Browser, browsing
from tests.unit.web.conftest import SEQUENCE, Served, problem, until
from tests.unit.web.listener import Listener
from tests.unit.web.test_ingest import OPENED, Shelf
from web import live as live_module
from web.cloudevents import SINGLE
from web.session import COOKIE, CSRF_COOKIE, LIFETIME, Sessions
from web.tokens import Scope, Token, Tokens, session_key

NOW = "2026-01-01T00:00:00Z"


def made(served: Served, *scopes: Scope, account: str = "default", label: str = "") -> tuple[Token, str]:
    return served.tokens.create(account, list(scopes), label, NOW)


def asking(**cookies: str) -> Request:
    """A request with these cookies and nothing else."""
    text = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"cookie", text.encode())]})


async def test_a_session_asks_what_its_token_may(served: Served) -> None:
    _, secret = made(served, Scope.READ)
    _, operator = made(served, Scope.READ, Scope.OPERATE)
    async with browsing(served, secret) as browser:
        assert (await browser.get(f"/v1/sequences/{SEQUENCE}/performance")).status_code == 200
        told = problem(await browser.get("/metrics"))
        assert (told["status"], told["type"]) == (403, "urn:tally:scope")
    async with browsing(served, operator) as browser:
        assert (await browser.get("/metrics")).status_code == 200


async def test_a_token_in_the_header_wins(served: Served) -> None:
    _, ours = made(served, Scope.READ)
    _, theirs = made(served, Scope.READ, account="other")
    async with browsing(served, ours) as browser:
        assert (await browser.get("/v1/analyze", Authorization=f"Bearer {theirs}")).json()["account"] == "other"
        assert (await browser.get("/v1/analyze", Authorization="Bearer wrong")).status_code == 401
        assert (await browser.get("/v1/analyze", Authorization="Basic dGFsbHk6eA==")).json()["account"] == "default", "a proxy's own"


async def test_the_cookie_says_nothing_of_the_token_and_is_none(served: Served, tmp_path: Path) -> None:
    token, secret = made(served, Scope.READ)
    async with browsing(served, secret) as browser:
        cookie = browser.cookie
        assert cookie is not None
        key, _, _ = cookie.split(".")
        assert secret not in cookie
        for text in (key, cookie, token.sha256):
            assert served.tokens.find(text) is None
        kept = (tmp_path / "tokens.json").read_text()
        assert key not in kept
        assert secret not in kept


async def test_a_cookie_that_was_made_up_or_changed_is_none(served: Served) -> None:
    token, secret = made(served, Scope.READ)
    other, _ = made(served, Scope.READ)
    cookie = Sessions(served.tokens).open(secret)
    assert cookie is not None
    key, issued, seal = cookie.split(".")
    sessions = Sessions(served.tokens)
    assert sessions.token(asking(**{COOKIE: cookie})) == token
    for forged in (
        "",
        key,
        f"{key}.{issued}",
        f"{key}.{issued}.",
        f"{key}.{int(issued) + 1}.{seal}",
        f"{key}.{issued}.{seal[:-1]}",
        f"{key}.{issued}.{seal}.",
        f"{key}.0{issued}.{seal}",
        f"{key}.{'9' * 5000}.{seal}",
        f"{key}.²³.{seal}",
        f"{token.sha256}.{issued}.{seal}",
        f"{secret}.{issued}.{seal}",
        f"{session_key(other.sha256)}.{issued}.{seal}",
        "é.1.é",
    ):
        assert sessions.token(asking(**{COOKIE: forged})) is None, forged


async def test_with_the_file_alone_nobody_makes_a_cookie(served: Served) -> None:
    token, secret = made(served, Scope.READ)
    key, issued, seal = (Sessions(served.tokens).open(secret) or "").split(".")

    def sealed(key: str) -> str:
        return hmac.new(token.sha256.encode(), f"{key}.{issued}".encode(), "sha256").hexdigest()

    assert sealed(key) == seal
    for guess in (token.sha256, session_key(token.sha256), sha256(token.sha256.encode()).hexdigest(), token.id, ""):
        assert Sessions(served.tokens).token(asking(**{COOKIE: f"{guess}.{issued}.{sealed(guess)}"})) is None


async def test_a_session_ends_by_itself(served: Served) -> None:
    _, secret = made(served, Scope.READ)
    time = 1_790_000_000_000
    sessions = Sessions(served.tokens, lambda: time)
    request = asking(**{COOKIE: sessions.open(secret) or ""})
    time += LIFETIME * 1000 - 1
    assert sessions.token(request) is not None
    time += 1000
    assert sessions.token(request) is None


async def test_a_session_ends_with_its_token_and_no_other_does(served: Served) -> None:
    token, secret = made(served, Scope.READ)
    _, another = made(served, Scope.READ)
    async with browsing(served, secret) as browser, browsing(served, another) as other:
        assert (await browser.get("/v1/analyze")).status_code == 200
        served.tokens.revoke(token.id)
        assert problem(await browser.get("/v1/analyze"))["status"] == 401
        assert (await other.get("/v1/analyze")).status_code == 200


async def test_any_process_knows_a_session(served: Served, tmp_path: Path) -> None:
    _, secret = made(served, Scope.READ)
    other = Served(Tokens(tmp_path / "tokens.json"))
    async with browsing(served, secret) as browser, other.client(Cookie=f"{COOKIE}={browser.cookie}") as client:
        assert (await client.get("/v1/analyze")).status_code == 200


async def test_a_live_stream_ends_with_the_token_of_its_session(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "_BEAT", 0.05)
    token, secret = made(served, Scope.READ)
    cookie = Sessions(served.tokens).open(secret)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(Listener(served.app(), cookie=f"{COOKIE}={cookie}"))
        await until(lambda: client.events)
        assert client.status == 200
        served.tokens.revoke(token.id)
        await until(lambda: client.ended)
    served.made.close()


async def test_no_event_is_published_by_a_session(served: Served) -> None:
    log = Shelf()
    served.log = lambda: log
    _, secret = made(served, *Scope)
    async with browsing(served, secret) as browser:
        answer = await browser.client.post(
            "/v1/events",
            content=json.dumps(OPENED),
            headers={"Content-Type": SINGLE, "Origin": HERE, "X-Tally-CSRF": await browser.csrf()},
        )
        assert problem(answer)["status"] == 401
    assert log.all() == []


def cookies_of(answer: object) -> SimpleCookie:
    found: SimpleCookie = SimpleCookie()
    for text in answer.headers.get_list("Set-Cookie"):  # type: ignore[attr-defined]
        found.load(text)
    return found


@pytest.mark.parametrize("proto", [None, "http", "http, https", "https", "HTTPS", "https,http", "https , http"])
async def test_scripts_and_other_sites_do_not_get_the_cookies(served: Served, proto: str | None) -> None:
    _, secret = made(served, Scope.READ)
    secure = (proto or "").lower().startswith("https")
    async with served.client(**({} if proto is None else {"X-Forwarded-Proto": proto})) as client:
        form = await client.get("/login")
        anonymous = cookies_of(form)[CSRF_COOKIE]
        client.cookies.set(CSRF_COOKIE, anonymous.value)
        browser = Browser(client)
        answer = await client.post(
            "/login",
            data={"token": secret, "csrf": await browser.csrf()},
            headers={"Origin": "https://127.0.0.1" if secure else HERE},
        )
        session = cookies_of(answer)[COOKIE]
    assert answer.status_code == 303
    for cookie, same_site, age in ((anonymous, "strict", ""), (session, "lax", str(LIFETIME))):
        assert cookie["httponly"] is True
        assert (cookie["samesite"].lower(), cookie["path"], cookie["domain"], cookie["max-age"]) == (same_site, "/", "", age)
        assert bool(cookie["secure"]) is secure
