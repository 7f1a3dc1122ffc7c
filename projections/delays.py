"""How long something took, in one byte: a bucket of 45 seconds up to 24 minutes, and of a sixteenth of a power of two beyond.

Whole hours (1, 4, 12) and days (1, 2, 4 ... 128) are limits of buckets, so counts between them are exact. Bucket 0 is for what did not
happen; the last one, from 256 days on, is open.
"""

from typing import Final

UNIT: Final = 45_000
"""Milliseconds."""
LAST: Final = 255
_SMALL: Final = 32
"""Buckets of one unit each."""
_PARTS: Final = 16
"""Buckets of each power of two beyond."""


def bucket(delay: int) -> int:
    """The bucket, 1 to LAST, of a delay in milliseconds (not negative)."""
    units = delay // UNIT
    if units < _SMALL:
        return 1 + units
    exponent = units.bit_length() - 5
    number = 1 + _SMALL + (exponent - 1) * _PARTS + (units >> exponent) - _PARTS
    return min(LAST, number)


def begin(number: int) -> int:
    """The shortest delay of a bucket, in milliseconds; what is before it belongs to the buckets below."""
    if number <= _SMALL:
        return (number - 1) * UNIT
    exponent, part = divmod(number - 1 - _SMALL, _PARTS)
    return ((_PARTS + part) << (exponent + 1)) * UNIT


def middle(number: int) -> float:
    """The delay that stands for a bucket, in milliseconds: its middle, of the open one its beginning. Off by at most 22.5 seconds or
    a thirty-second."""
    return float(begin(number)) if number == LAST else (begin(number) + begin(number + 1)) / 2
