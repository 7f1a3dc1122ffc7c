"""Reading JSON strictly: what two decoders could read differently is refused as `not_json`.

Beyond RFC 8259 three things are settled here. An escape that is half a surrogate pair is refused: no UTF-8 can hold it. More than
`MAX_DEPTH` nested arrays and objects are refused, so that no reader's stack decides. Of equal names in one object the last counts.
"""

import json
import re
from typing import NoReturn

from events.refusal import Reason, Refusal

MAX_BYTES = 65_536
MAX_DEPTH = 250
MAX_INTEGER = 2**63 - 1
MIN_INTEGER = -(2**63)

_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
# The closing quote is optional so that an unterminated string is passed over once and not searched again from each quote in it.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)


def read_json(value: bytes | None) -> object:
    """The JSON value of a record. Raises `Refusal` (`not_json`).

    Integers beyond 64 bits come back as floats: they are valid JSON, and no field of ours is a float.
    """
    if value is None:
        raise Refusal(Reason.NOT_JSON, "the record has no value")
    try:
        text = value.decode()
    except UnicodeDecodeError as error:
        raise Refusal(Reason.NOT_JSON, f"not UTF-8 at byte {error.start}") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise Refusal(Reason.NOT_JSON, f"nested more than {MAX_DEPTH} deep")
    try:
        document: object = _DECODER.decode(text)
        if _HALF_PAIR.search(text):
            json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refusal(Reason.NOT_JSON, "a \\u escape is half of a surrogate pair") from None
    except ValueError as error:
        raise Refusal(Reason.NOT_JSON, f"not JSON: {error}") from None
    return document


def may_nest_too_deep(value: bytes) -> bool:
    """Whether a JSON text could exceed `MAX_DEPTH`: a cheap bound, never False where it does."""
    return len(value) > 2 * MAX_DEPTH and value.count(b"[") + value.count(b"{") > MAX_DEPTH


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _integer(digits: str) -> int | float:
    # More than 20 characters never fit 64 bits, and converting thousands of digits is slow, then refused by Python itself.
    number = int(digits) if len(digits) <= 20 else None
    return number if number is not None and MIN_INTEGER <= number <= MAX_INTEGER else float(digits)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_constant)
