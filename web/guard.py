"""Whether a browser was sent by a page of ours: a page from elsewhere must not be able to change anything with what a browser holds.

Two guards, each of which would do: where the request comes from, which browsers say and pages cannot, and a value that only our own pages
know. A program with a token in a header needs neither, as no page can make a browser send that.
"""

import hmac
from http import HTTPStatus
from typing import Final

from fastapi import Request

from web.problems import Problem
from web.session import Sessions, is_secure

FIELD: Final = "csrf"
"""The field of a form that holds the value."""
HEADER: Final = "X-Tally-CSRF"
"""The header by which a script says it."""
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
"""They change nothing."""


def check(request: Request, sessions: Sessions, value: str | None = None) -> None:
    """Both guards. `value` is that of a form, without one the header counts. Raises `Problem` (403), `TokenFileError`."""
    if not _is_ours(request, unsaid=False):
        raise Problem(HTTPStatus.FORBIDDEN, "origin", "the request was not sent by a page of this server, or does not say so")
    expected = sessions.csrf(request)
    told = request.headers.get(HEADER, "") if value is None else value
    if expected is None or not hmac.compare_digest(told.encode(), expected.encode()):
        raise Problem(HTTPStatus.FORBIDDEN, "csrf", "the page is out of date; load it again, and try once more")


def check_origin(request: Request) -> None:
    """That no page from elsewhere sends the request; programs do not say where they come from. Raises `Problem` (403)."""
    if not _is_ours(request, unsaid=True):
        raise Problem(HTTPStatus.FORBIDDEN, "origin", "the request was sent by a page from elsewhere")


def _is_ours(request: Request, *, unsaid: bool) -> bool:
    """Whether a page of this server sends the request; `unsaid` where the request does not say."""
    origin = request.headers.get("Origin")
    if origin is not None and origin != "null":  # null: the browser was told not to say
        here = request.headers.get("Host", "").lower()
        return origin.lower() == f"https://{here}" or (origin.lower() == f"http://{here}" and not is_secure(request))
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return unsaid and origin is None
