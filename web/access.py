"""Who may do what: by a token of one account, or, as long as none was ever made, whoever is on this machine.

A token comes in a header, or was what a browser signed in with: then its cookie counts wherever nothing is changed, and elsewhere together
with what only our own pages know.
"""

import re
from http import HTTPStatus
from typing import Final, NamedTuple

from fastapi import Request

from web import guard
from web.problems import Problem
from web.session import Sessions
from web.tokens import Scope, Token, Tokens

__all__ = ["Access", "Caller", "Scope"]

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})


_HOST: Final = re.compile(r"(\[[^\[\]@/]*\]|[^\[\]@/:]*)(:[0-9]*)?")


def _name(host: str) -> str:
    """The name in a header `Host`; "" of one that is none, which frameworks take for the address of the server itself."""
    found = _HOST.fullmatch(host.strip())
    return "" if found is None else found[1].lower()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    return host in _LOOPBACK


class Caller(NamedTuple):
    """Who asks: an account, and by which token; None: whoever is on this machine."""

    account: str
    token: Token | None


class Access:
    """Judges requests. `account` is the one that they speak of without a token.

    Once a token was made a token is needed, also after the last one is gone and in the next process: nothing opens by itself.
    """

    def __init__(self, tokens: Tokens, account: str) -> None:
        self.sessions = Sessions(tokens)
        self._tokens = tokens
        self._account = account

    @property
    def open(self) -> bool:
        """Whether no token is needed. Raises `TokenFileError`."""
        return not self._tokens.needed

    @property
    def shared(self) -> bool:
        """Whether there are tokens of several accounts. Raises `TokenFileError`."""
        return len({token.account for token in self._tokens.all()}) > 1

    def account(self, request: Request, scope: Scope) -> str:
        """The account that a request may do this in. Raises `Problem` (401, 403), `TokenFileError`."""
        if self.open:
            self.check_machine(request)
            return self._account
        return _allowed(self._token(request), scope).account

    def bound(self, request: Request, scope: Scope) -> str | None:
        """The one account that a program may do this in, None if it may in any; no browser can sign in for it. Raises as `account` does."""
        if self.open:
            self.check_machine(request)
            return None
        return _allowed(self._borne(request), scope).account

    def caller(self, request: Request, scope: Scope, csrf: str | None = None) -> Caller:
        """Who it is that may change something. Without any token that is a page of ours alone. Raises as `account` does.

        `csrf`: what a form says, which has no header.
        """
        if self.open:
            self.check_machine(request)
            guard.check(request, self.sessions, csrf)
            return Caller(self._account, None)
        token = _allowed(self._token(request, csrf), scope)
        return Caller(token.account, token)

    def still(self, request: Request, scope: Scope) -> bool:
        """Whether what a request was allowed once is allowed still. Raises `TokenFileError`."""
        try:
            self.account(request, scope)
        except Problem:
            return False
        return True

    def check_machine(self, request: Request) -> None:
        """That the request is one of this machine's own, where no token is needed. Raises `Problem` (403), `TokenFileError`."""
        if not self.open:
            return
        # A page from elsewhere whose name leads to this machine must not ask what only this machine may; nor send what it cannot read.
        if not all(is_loopback(_name(host)) for host in request.headers.getlist("Host")):
            raise Problem(HTTPStatus.FORBIDDEN, "host", "without a token this server is asked as 127.0.0.1 or localhost only")
        if request.method not in guard.SAFE_METHODS:
            guard.check_origin(request)

    def _token(self, request: Request, csrf: str | None = None) -> Token:
        """The token in the header, else that of the session."""
        if _secret(request) is not None:
            return self._borne(request)
        token = self.sessions.token(request)
        if token is None:
            raise _unknown()
        if request.method not in guard.SAFE_METHODS:
            guard.check(request, self.sessions, csrf)
        return token

    def _borne(self, request: Request) -> Token:
        token = self._tokens.find(_secret(request) or "")
        if token is None:
            raise _unknown()
        return token


def _secret(request: Request) -> str | None:
    """What the header says; None if it is no bearer's. A proxy may ask for names and passwords of its own."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _allowed(token: Token, scope: Scope) -> Token:
    if scope not in token.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, "scope", f"the token does not allow to {scope}; it allows to {', '.join(token.scopes)}")
    return token


def _unknown() -> Problem:
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "token",
        "a valid token is needed, in a header Authorization: Bearer TOKEN; tally token create makes one",
        headers={"WWW-Authenticate": "Bearer"},
    )
