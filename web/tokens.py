"""Tokens: who may ask and tell what, of one account. Kept as hashes in a file, which outlives a Redis that is thrown away.

A token is 32 random bytes, so that one round of SHA-256 keeps it as safe as a slow hash keeps a password. It is shown once.

    secret --HMAC--> session key --SHA-256--> what the file keeps

Whoever has the secret has the session key, which a browser holds in its place; from what the file keeps follows neither of them.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

_PREFIX: Final = "tally_"
_ID_BYTES: Final = 4


class Scope(StrEnum):
    """What a token allows."""

    READ = "read"
    """Ask for numbers."""
    PUBLISH = "publish"
    """Tell what has happened."""
    ACT = "act"
    """Change what belongs to the account: pause, resume and end enrollments, save dashboards."""
    OPERATE = "operate"
    """See how the server does."""


class Token(msgspec.Struct, frozen=True):
    """A token as it is kept. `created_at` in RFC 3339; `sha256` in hexadecimal digits, of its session key."""

    id: str
    account: str
    scopes: list[Scope]
    label: str
    created_at: str
    sha256: str


class TokenFileError(Exception):
    """The file of tokens cannot be used; the message is one line and names the remedy."""


class _File(msgspec.Struct):
    tokens: list[Token]


class Tokens:
    """The tokens in a file, as they are now: it is read again when it has changed. It stays when the last one is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._known: list[Token] = []
        self._closed = False

    @property
    def needed(self) -> bool:
        """Whether a token is needed: once one was made, which the file says by being there. Raises `TokenFileError`.

        Who has seen it goes on needing one when it is gone: whoever takes the file away has to say so by a start.
        """
        self.all()
        self._closed = self._closed or self._seen is not None
        return self._closed

    @property
    def ways_on(self) -> str:
        """What to do where there is no token any more, for whoever runs the server."""
        return (
            "make another (tally token create); or, to let who is on this machine ask without any, stop tally web, delete "
            f"{str(self._path)!r} and start it again"
        )

    def all(self) -> list[Token]:
        """The tokens, oldest first; [] without a file. Raises `TokenFileError`."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._known = None, []
            return self._known
        except OSError as error:
            raise _unusable(self._path, error.strerror or str(error)) from error
        seen = found.st_mtime_ns, found.st_size, found.st_ino
        if seen != self._seen:
            self._known = self._read()
            self._seen = seen
        return self._known

    def find(self, secret: str) -> Token | None:
        """The token with this secret. Takes as long for any. Raises `TokenFileError`."""
        return self.behind(session_key(secret))

    def behind(self, key: str) -> Token | None:
        """The token with this session key. Takes as long for any. Raises `TokenFileError`."""
        digest = _digest(key)
        return next(iter([token for token in self.all() if hmac.compare_digest(token.sha256, digest)]), None)

    def create(self, account: str, scopes: list[Scope], label: str, created_at: str) -> tuple[Token, str]:
        """A new token, and its secret, which nobody can find out later. Raises `TokenFileError`."""
        secret = _PREFIX + secrets.token_urlsafe(32)
        token = Token(secrets.token_hex(_ID_BYTES), account, scopes, label, created_at, _digest(session_key(secret)))
        with self._changing() as change:
            change(lambda tokens: [*tokens, token])
        return token, secret

    def revoke(self, token_id: str) -> bool:
        """Take a token away; False if there is none of this id. Raises `TokenFileError`."""
        if all(token.id != token_id for token in self.all()):
            return False
        with self._changing() as change:
            change(lambda tokens: [token for token in tokens if token.id != token_id])
        return True

    def _read(self) -> list[Token]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_File).tokens
        except OSError as error:
            raise _unusable(self._path, error.strerror or str(error)) from error
        except msgspec.MsgspecError as error:
            raise _unusable(self._path, str(error)) from error

    @contextmanager
    def _changing(self) -> Iterator[Callable[[Callable[[list[Token]], list[Token]]], None]]:
        """One who changes the file at a time; a new file takes the place of the old one whole."""

        def change(make: Callable[[list[Token]], list[Token]]) -> None:
            part = self._path.with_name(f"{self._path.name}.part")
            part.unlink(missing_ok=True)
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(_File(make(self.all()))), indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.with_name(f"{self._path.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield change
        except OSError as error:
            raise _unusable(self._path, error.strerror or str(error)) from error


def session_key(secret: str) -> str:
    """What stands for a secret in a session: it follows from the secret, and is no token itself."""
    return hmac.new(secret.encode(), b"tally session", hashlib.sha256).hexdigest()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _unusable(path: Path, why: str) -> TokenFileError:
    return TokenFileError(f"the tokens in {str(path)!r} cannot be used ({why}); restore the file, or name another one in TALLY_TOKENS")
