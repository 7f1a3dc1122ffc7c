"""Signing in and out: with a right token and to a page of ours, or not at all."""

import pytest

from tests.unit.web.browser import HERE, browsing
from tests.unit.web.conftest import SEQUENCE, Served, problem
from tests.unit.web.pages.markup import checked
from web.pages.login import MOST_BYTES, local
from web.session import COOKIE
from web.tokens import Scope

NOW = "2026-01-01T00:00:00Z"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def secret(served: Served) -> str:
    return served.tokens.create("default", [Scope.READ], "Eva's & Tom's <dashboard>", NOW)[1]


async def test_a_right_token_leads_on_and_a_session_begins(served: Served, secret: str) -> None:
    async with browsing(served) as browser:
        form = await browser.get("/login?next=%2Fsequences%3Fsort%3Dopens")
        assert (form.status_code, form.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert 'name="next" value="/sequences?sort=opens"' in form.text
        assert "Sign out" not in form.text
        answer = await browser.sign_in(f" {secret}\n", "/sequences?sort=opens")
        assert (answer.status_code, answer.headers["Location"], answer.headers["Cache-Control"]) == (
            303,
            "/sequences?sort=opens",
            "no-store",
        )
        assert (await browser.get(f"/v1/sequences/{SEQUENCE}/performance")).status_code == 200
        again = await browser.get("/login")
        assert "Eva&#39;s &amp; Tom&#39;s &lt;dashboard&gt;" in again.text
        assert "Sign out" in again.text


async def test_the_page_is_one_as_all_are(served: Served) -> None:
    async with browsing(served) as browser:
        checked(await browser.get("/login"))
    _, secret = served.tokens.create("default", [Scope.READ], "", NOW)
    async with browsing(served) as browser:
        form = checked(await browser.get("/login?next=%2F%22%3E%3Cscript%3E"))
        assert form.one("input", id_="token")["type"] == "password"
        assert form.one("input", name="next")["value"] == '/"><script>'
        wrong = checked(await browser.sign_in("wrong"))
        assert wrong.one("input", id_="token")["aria-invalid"] == "true"
    async with browsing(served, secret) as browser:
        assert checked(await browser.get("/login")).one("form", action="/logout")["method"] == "post"


async def test_a_wrong_token_and_a_revoked_one_cannot_be_told_apart(served: Served, secret: str) -> None:
    token, revoked = served.tokens.create("default", [Scope.READ], "", NOW)
    served.tokens.revoke(token.id)
    answers = []
    for wrong in (revoked, "tally_wrong", "", "é" * 100):
        async with browsing(served) as browser:
            csrf = await browser.csrf()
            answer = await browser.sign_in(wrong, "/analyze")
            assert (answer.status_code, answer.headers["WWW-Authenticate"], browser.cookie) == (401, "Bearer", None)
            assert 'name="next" value="/analyze"' in answer.text
            assert wrong == "" or wrong not in answer.text
            assert (await browser.get("/v1/analyze")).status_code == 401
            answers.append(answer.text.replace(csrf, ""))
    assert len(set(answers)) == 1
    assert "opens nothing" in answers[0]


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil.example",
        "sequences",
        "?next=x",
        "/" + "x" * 3000,
        "",
    ],
)
async def test_nobody_is_led_elsewhere(served: Served, secret: str, to: str) -> None:
    async with browsing(served) as browser:
        answer = await browser.sign_in(secret, to)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        form = await browser.client.get("/login", params={"next": to})
        assert 'name="next" value="/"' in form.text
    assert local(to) == "/"


async def test_a_path_of_ours_is_led_to_whatever_is_in_it(served: Served, secret: str) -> None:
    async with browsing(served) as browser:
        for to, location in (
            ("/", "/"),
            ("/performance/a%2Fb?team=x", "/performance/a%2Fb?team=x"),
            ("/performance/a b", "/performance/a%20b"),
            ("/performance/café", "/performance/caf%C3%A9"),
            ("/a/\\b", "/a/%5Cb"),
        ):
            assert (await browser.sign_in(secret, to)).headers["Location"] == location


async def test_a_page_from_elsewhere_signs_nobody_in(served: Served, secret: str) -> None:
    async with browsing(served) as browser:
        csrf = await browser.csrf()
        for form, origin in (
            ({"token": secret, "csrf": csrf}, "https://evil.example"),
            ({"token": secret, "csrf": csrf}, "null"),
            ({"token": secret, "csrf": "0" * 64}, HERE),
            ({"token": secret}, HERE),
        ):
            answer = await browser.client.post("/login", data=form, headers={"Origin": origin})
            assert (answer.status_code, browser.cookie) == (403, None)
            assert "out of date" in answer.text


async def test_signing_out_takes_the_cookie_away(served: Served, secret: str) -> None:
    async with browsing(served, secret) as browser:
        csrf = await browser.csrf()
        for form, headers in (
            ({"csrf": csrf}, {"Origin": "https://evil.example"}),
            ({"csrf": csrf}, {}),
            ({"csrf": "0" * 64}, {"Origin": HERE}),
            ({"x": ""}, {"Origin": HERE}),
        ):
            assert (await browser.client.post("/logout", data=form, headers=headers)).status_code == 403
            assert browser.cookie is not None
        assert problem(await browser.get("/logout"))["status"] == 405
        answer = await browser.client.post("/logout", data={"csrf": csrf}, headers={"Origin": HERE})
        assert (answer.status_code, answer.headers["Location"], browser.cookie) == (303, "/login", None)
        assert (await browser.get("/v1/analyze")).status_code == 401


async def test_who_signs_out_too_late_is_signed_out_all_the_same(served: Served, secret: str) -> None:
    async with browsing(served, secret) as browser:
        csrf = await browser.csrf()
        served.tokens.revoke(served.tokens.all()[0].id)
        answer = await browser.client.post("/logout", data={"csrf": csrf}, headers={"Origin": HERE})
        assert (answer.status_code, browser.cookie) == (303, None)


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        ("token=" + "x" * MOST_BYTES, FORM, 413),
        ("&".join(f"{number}=x" for number in range(20)), FORM, 400),
        ('{"token": "x"}', "application/json", 415),
        ("%ff=%fe", FORM, 403),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(served: Served, secret: str, content: str, content_type: str, code: int) -> None:
    async with browsing(served) as browser:
        for path in ("/login", "/logout"):
            headers = {"Content-Type": content_type, "Origin": HERE}
            answer = await browser.client.post(path, content=content, headers=headers)
            assert answer.status_code == (303 if (path, code) == ("/logout", 403) else code)


async def test_without_any_token_none_is_needed(served: Served) -> None:
    async with browsing(served) as browser:
        form = await browser.get("/login?next=/analyze")
        assert form.status_code == 200
        assert "No token is needed" in form.text
        assert 'href="/analyze"' in form.text
        assert 'type="password"' not in form.text
        answer = await browser.sign_in("whatever", "/analyze")
        assert (answer.status_code, answer.headers["Location"], browser.cookie) == (303, "/analyze", None)
        for path in ("/login", "/logout"):
            assert (await browser.client.post(path, headers={"Host": "evil.example"})).status_code == 403
        assert (await browser.get("/login", Host="evil.example")).status_code == 403


async def test_the_old_cookie_of_a_browser_is_no_hindrance(served: Served, secret: str) -> None:
    async with browsing(served, secret) as browser:
        served.tokens.revoke(served.tokens.all()[0].id)
        _, another = served.tokens.create("default", [Scope.READ], "", NOW)
        old = browser.cookie
        assert (await browser.sign_in(another)).status_code == 303
        assert browser.client.cookies.get(COOKIE) != old
        assert (await browser.get("/v1/analyze")).status_code == 200
