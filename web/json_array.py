"""The members of a JSON array whose members need not be JSON: by its brackets, strings and commas alone."""

import re
from typing import Final

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{},"]', re.DOTALL)
_CLOSING: Final = {b"[": b"]", b"{": b"}"}
_BLANK: Final = b" \t\r\n"


def members(text: bytes) -> list[bytes] | None:
    """The texts of the members; None of what is no array."""
    found: list[bytes] = []
    open_: list[bytes] = []
    start = 0
    text = text.strip(_BLANK)
    if not text.startswith(b"["):
        return None
    for token in _TOKEN.finditer(text):
        what = token[0]
        if what in _CLOSING:
            open_.append(what)
            start = start or token.end()
        elif what == b"," and len(open_) == 1:
            found.append(text[start : token.start()].strip(_BLANK))
            start = token.end()
        elif what in _CLOSING.values():
            if not open_ or _CLOSING[open_.pop()] != what:
                return None
            if not open_:
                last = text[start : token.start()].strip(_BLANK)
                found += [last] if last or found else []
                return found if token.end() == len(text) and all(found) else None
        elif what == b'"':  # a string that does not end
            return None
    return None
