"""Sessions of browsers: signed in by a token, and known by a cookie that any process can check against the file of the tokens.

    tally_session   KEY.ISSUED.SEAL   the session key of the token, when it was issued, and a seal over both
    tally_csrf      random            where nobody is signed in: what the CSRF value is tied to

The key cannot be made from the file, nor the seal without it: who reads the file cannot sign in, and who finds a cookie can neither go on
with it for ever nor use it as a token. Nothing is kept of a session, so it ends when the cookie is too old or its token is revoked.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as ASGIScope

from events.publisher import now
from web.tokens import Scope, Token, Tokens, session_key

COOKIE: Final = "tally_session"
CSRF_COOKIE: Final = "tally_csrf"
LIFETIME: Final = 7 * 86_400
"""Seconds that a session lasts."""
_KNOWN: Final = "tally_known_session"
_FRESH: Final = "tally_fresh_cookie"
"""Where a request keeps what was found out about it."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a page has to know of who asks. Without any token (`needed` false) that is whoever is on this machine, who may do everything."""

    needed: bool
    """Whether a token is needed."""
    token: Token | None
    """That of the session."""
    csrf: str
    """What a form or a script has to say so that it may change something; other sites cannot know it."""

    @property
    def signed_in(self) -> bool:
        return self.token is not None

    @property
    def who(self) -> str:
        """Who is signed in, for people: the label of the token, else its id."""
        return "" if self.token is None else self.token.label or self.token.id

    def may(self, scope: Scope | str) -> bool:
        """Whether the session allows this."""
        return not self.needed if self.token is None else scope in self.token.scopes


class Sessions:
    """Opens sessions and knows them again. `clock` in ms since 1970 UTC."""

    def __init__(self, tokens: Tokens, clock: Callable[[], int] = now) -> None:
        self._tokens = tokens
        self._clock = clock

    def open(self, secret: str) -> str | None:
        """The cookie of a new session; None for a secret that is none, or not any more. Raises `TokenFileError`."""
        token = self._tokens.find(secret)
        return None if token is None else _sealed(session_key(secret), self._clock() // 1000, token)

    def token(self, request: Request) -> Token | None:
        """The token by which the request's session was opened, if it still lasts. Raises `TokenFileError`."""
        cookie = request.cookies.get(COOKIE, "")
        key, _, rest = cookie.partition(".")
        issued, _, _ = rest.partition(".")
        if not (issued.isascii() and issued.isdigit() and len(issued) < 12):
            return None
        token = self._tokens.behind(key)
        if token is None or not _same(cookie, _sealed(key, int(issued), token)):
            return None
        return token if self._clock() // 1000 < int(issued) + LIFETIME else None

    def of(self, request: Request) -> Session:
        """The session of a request. Where there is none the answer brings a cookie, to which the CSRF value is tied.

        Raises `TokenFileError`.
        """
        known: Session | None = getattr(request.state, _KNOWN, None)
        if known is None:
            needed = self._tokens.needed
            token = self.token(request) if needed else None
            known = Session(needed, token, self.csrf(request) or _csrf(_fresh(request)))
            setattr(request.state, _KNOWN, known)
        return known

    def csrf(self, request: Request) -> str | None:
        """The value that has to come with a request that changes something; None if there is nothing that it could be tied to."""
        name = COOKIE if self._tokens.needed and self.token(request) is not None else CSRF_COOKIE
        cookie = request.cookies.get(name)
        return _csrf(cookie) if cookie else None


def of(request: Request) -> Session:
    """The session of a request, for pages. Raises `TokenFileError`."""
    sessions: Sessions = request.app.state.sessions
    return sessions.of(request)


def begin(response: Response, request: Request, cookie: str) -> None:
    """Give the browser the cookie of a session."""
    response.set_cookie(COOKIE, cookie, max_age=LIFETIME, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def end(response: Response, request: Request) -> None:
    """Take the cookie from the browser."""
    response.delete_cookie(COOKIE, path="/", secure=is_secure(request), httponly=True, samesite="lax")


def is_secure(request: Request) -> bool:
    """Whether the browser asks by https. A proxy says so, and who says it wrongly gets a cookie that is of no use to them.

    Of several proxies the first is the one that the browser asks.
    """
    told = request.headers.get("X-Forwarded-Proto", "").partition(",")[0]
    return "https" in (request.url.scheme, told.strip().lower())


class FreshCookies:
    """Sends the cookies that were needed while a request was answered, so that no page has to think of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and _FRESH in state:
                MutableHeaders(scope=message).append("Set-Cookie", state[_FRESH])
            await send(message)

        await self._app(scope, receive, sending)


def _fresh(request: Request) -> str:
    value = secrets.token_urlsafe(32)
    secure = "; Secure" if is_secure(request) else ""
    setattr(request.state, _FRESH, f"{CSRF_COOKIE}={value}; HttpOnly; Path=/; SameSite=strict{secure}")
    return value


def _sealed(key: str, issued: int, token: Token) -> str:
    return f"{key}.{issued}.{hmac.new(token.sha256.encode(), f'{key}.{issued}'.encode(), hashlib.sha256).hexdigest()}"


def _csrf(cookie: str) -> str:
    return hmac.new(cookie.encode(), b"tally csrf", hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
