"""Where the next page of a list begins: after which row, of which question."""

from base64 import urlsafe_b64encode
from binascii import a2b_base64
from collections.abc import Iterable
from typing import Final

import msgspec
from xxhash import xxh3_64_digest, xxh3_64_intdigest

from projections.reports import parameters
from projections.reports.errors import ParameterError
from projections.reports.parameters import Parameter
from projections.reports.request import Query

CURSOR: Final = Parameter("cursor", "The page after the one that came with this cursor.")
_CHECK: Final = 8
"""Bytes before the rest that tell a cursor from other text."""


class RowKey(msgspec.Struct, array_like=True, frozen=True):
    """What a row is ordered by: the numbers descending, then the ids ascending."""

    numbers: tuple[int, ...]
    ids: tuple[str, ...]

    @property
    def rank(self) -> tuple[object, ...]:
        """Ascending in the order of the list."""
        return (*(-number for number in self.numbers), self.ids)


class _Cursor(msgspec.Struct, array_like=True, frozen=True):
    account: int
    question: int
    row: RowKey


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Cursor).decode


def written(query: Query, row: RowKey, *own: str) -> str:
    """The cursor of the page after this row; url-safe. `own`: the values of the report's own parameters that make it another question."""
    packed = _encode(_Cursor(_account(query), _question(query, own), row))
    return urlsafe_b64encode(xxh3_64_digest(packed) + packed).decode().rstrip("=")


def read(query: Query, *own: str) -> RowKey | None:
    """The row after which to go on; None without a cursor. Raises `ParameterError` for one that does not belong to the question."""
    text = parameters.single(query.given, CURSOR.name)
    if text is None:
        return None
    cursor = _read(text)
    if cursor is None:
        raise ParameterError(CURSOR.name, "is malformed; give the `next` of a page as it came, or leave it out for the first page")
    if cursor.account != _account(query):
        raise ParameterError(CURSOR.name, "belongs to another account; leave it out for the first page")
    if cursor.question != _question(query, own):
        raise ParameterError(CURSOR.name, "belongs to another question; ask with the parameters that it came with, or leave it out")
    return cursor.row


def _read(text: str) -> _Cursor | None:
    try:
        sealed = a2b_base64(text.translate({ord("-"): "+", ord("_"): "/"}) + "=" * (-len(text) % 4), strict_mode=True)
        check, packed = sealed[:_CHECK], sealed[_CHECK:]
        return _decode(packed) if check == xxh3_64_digest(packed) else None
    except (ValueError, msgspec.MsgspecError):
        return None


def _account(query: Query) -> int:
    return xxh3_64_intdigest(query.account.encode())


def _question(query: Query, own: Iterable[str]) -> int:
    """All that decides which rows there are, and in which order."""
    asked = {name: [value] if isinstance(value, str) else sorted(set(value)) for name, value in query.filters.echo().items()}
    dated = query.filters.enrolled_from is not None or query.filters.enrolled_to is not None
    question = (query.report, sorted(asked.items()), tuple(own), query.time_zone if dated else "")
    return xxh3_64_intdigest(ascii(question).encode())
