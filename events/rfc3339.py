"""Times: RFC 3339 text on the wire, whole milliseconds since 1970 UTC inside.

The parts of a time stand at fixed places, and each repeats endlessly in a stream (the day, the second of the day, the rest), so each is
read once and remembered. That makes the one careful parser fast enough for every event.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")
_REST = re.compile(r"(?:\.([0-9]+))?(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAYS_IN_400_YEARS = 146_097
_MILLISECOND = timedelta(milliseconds=1)


def parse_time(text: str) -> int:
    """Milliseconds since 1970 UTC, cut (not rounded) to the millisecond.

    Raises `ValueError` with a one-line message unless `text` is an RFC 3339 time with an offset; leap seconds are not known here.
    """
    return _day(text[:11]) + _clock(text[11:19]) + _rest(text[19:])


def format_time(milliseconds: int) -> str:
    """RFC 3339 in UTC with `Z`; the fraction appears only where there is one. Raises `OverflowError` outside the years 1 to 9999."""
    text = (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds")
    return text.removesuffix("+00:00") + "Z"


def to_milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, cut. Raises `ValueError` for a datetime without a time zone."""
    if moment.tzinfo is None:
        raise ValueError("needs a time zone")
    return (moment - _EPOCH) // _MILLISECOND


def to_datetime(milliseconds: int) -> datetime:
    """The same moment in UTC. Raises `OverflowError` outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


@lru_cache(maxsize=16_384)
def _day(text: str) -> int:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError("should be an RFC 3339 time, such as 2026-03-02T10:00:00Z")
    year, month, day = map(int, match.groups())
    try:
        # Year 0 is a year of RFC 3339 but not of `date`; the calendar repeats every 400 years.
        days = date(year or 400, month, day).toordinal() - (0 if year else _DAYS_IN_400_YEARS)
    except ValueError:
        raise ValueError("names a day that is not in the calendar") from None
    return (days - _EPOCH_DAY) * 86_400_000


@lru_cache(maxsize=86_400)
def _clock(text: str) -> int:
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError("should have a time of day from 00:00:00 to 23:59:59 (leap seconds are not known here)")
    hours, minutes, seconds = map(int, match.groups())
    return (hours * 3600 + minutes * 60 + seconds) * 1000


@lru_cache(maxsize=16_384)
def _rest(text: str) -> int:
    match = _REST.fullmatch(text)
    if match is None:
        raise ValueError("should end in Z or an offset such as +02:00")
    fraction, sign, hours, minutes = match.groups()
    milliseconds = int(fraction[:3].ljust(3, "0")) if fraction else 0
    if sign is None:
        return milliseconds
    offset = (int(hours) * 60 + int(minutes)) * 60_000
    return milliseconds - offset if sign == "+" else milliseconds + offset
