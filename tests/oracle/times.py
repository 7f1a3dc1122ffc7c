"""Time as whole milliseconds since 1970 in UTC, and back."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000
RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))")


def milliseconds(text: str) -> int:
    """The instant of an RFC 3339 time; digits below the millisecond are cut, not rounded."""
    found = RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError(f"time: {text!r} is not RFC 3339 with an offset")
    day, clock, fraction, sign, hours, minutes = found.groups()
    seconds = int((datetime.fromisoformat(f"{day}T{clock}+00:00") - EPOCH) / timedelta(seconds=1))
    offset = 0 if sign is None else (int(hours) * 60 + int(minutes)) * (1 if sign == "+" else -1)
    return (seconds - offset * 60) * 1000 + int(((fraction or "") + "000")[:3])


def written(instant: int | None) -> str | None:
    """RFC 3339 in UTC with `Z`; the fraction is left out when it is zero."""
    if instant is None:
        return None
    moment = EPOCH + timedelta(milliseconds=instant)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{instant % 1000:03d}Z" if instant % 1000 else f"{text}Z"


def local_date(instant: int, time_zone: str) -> date:
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(ZoneInfo(time_zone)).date()
