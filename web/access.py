"""Who may do what: by a token of one account, or, as long as there is none, whoever is on this machine."""

from http import HTTPStatus
from typing import Final

from fastapi import Request

from web.problems import Problem
from web.tokens import Scope, Token, Tokens

__all__ = ["Access", "Scope"]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    return host in _LOOPBACK


class Access:
    """Judges requests. `account` is the one that they speak of without a token.

    Once a token was there a token is needed, also after the last one is gone: nothing opens by itself.
    """

    def __init__(self, tokens: Tokens, account: str) -> None:
        self._tokens = tokens
        self._account = account
        self._closed = False

    @property
    def open(self) -> bool:
        """Whether no token is needed. Raises `TokenFileError`."""
        self._closed = self._closed or bool(self._tokens.all())
        return not self._closed

    def account(self, request: Request, scope: Scope) -> str:
        """The account that a request may do this in. Raises `Problem` (401, 403), `TokenFileError`."""
        return self.bound(request, scope) or self._account

    def bound(self, request: Request, scope: Scope) -> str | None:
        """The one account that a request may do this in, None if it may in any. Raises as `account` does."""
        if self.open:
            _check_host(request)
            return None
        token = self._token(request)
        if scope not in token.scopes:
            raise Problem(HTTPStatus.FORBIDDEN, "scope", f"the token does not allow to {scope}; it allows to {', '.join(token.scopes)}")
        return token.account

    def still(self, request: Request, scope: Scope) -> bool:
        """Whether what a request was allowed once is allowed still. Raises `TokenFileError`."""
        try:
            self.account(request, scope)
        except Problem:
            return False
        return True

    def _token(self, request: Request) -> Token:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        token = self._tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "token",
                "a valid token is needed, in a header Authorization: Bearer TOKEN; tally token create makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return token


def _check_host(request: Request) -> None:
    """A page from elsewhere whose name leads to this machine must not ask what only this machine may."""
    if not is_loopback(request.url.hostname or ""):
        raise Problem(HTTPStatus.FORBIDDEN, "host", "without a token this server is asked as 127.0.0.1 or localhost only")
