"""Local dates of many instants at once."""

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import numpy.typing as npt

from projections.reports.errors import ParameterError
from projections.rows import Rows
from projections.tables.layout import NO_TIME

DAY: Final = 86_400_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 1, 9998

Instants = npt.NDArray[Any]


def check_zone(parameter: str, name: str) -> str:
    """The name itself. Raises `ParameterError` unless it is a zone of the IANA database."""
    if name != "UTC" and name not in _zones():
        raise ParameterError(parameter, f"{name!r} is no time zone; give a name of the IANA database, such as UTC or Europe/Berlin")
    return name


@cache
def _zones() -> frozenset[str]:
    """Every zone, but for that of the machine, which is another one elsewhere; asking the database takes some ten milliseconds."""
    return frozenset(available_timezones()) - {"localtime"}


def local_days(instants: Instants, zone: str) -> Instants:
    """For each instant (ms since 1970 UTC) the days since 1970-01-01 of its date in the zone.

    A local date is no interval of instants: a clock set back across midnight enters the same day twice. So each instant is looked up.
    """
    if zone == "UTC" or not len(instants):
        return instants // DAY
    years = [(_EPOCH + timedelta(milliseconds=int(edge))).year for edge in (instants.min(), instants.max())]
    # In whole decades, so that what was found out serves other instants too.
    starts, offsets = _offsets(zone, max((years[0] - 1) // 10 * 10, _FIRST_YEAR), min((years[1] + 1) // 10 * 10 + 9, _LAST_YEAR))
    return (instants + offsets.take(np.searchsorted(starts, instants, side="right"))) // DAY


def start_days(rows: Rows, zone: str) -> Instants:
    """`local_days` of the starts of the rows; 0 for those without a start. Kept with the table of the rows."""
    return rows.derived(f"days in {zone}", "started_at", partial(_days_of_starts, zone=zone))


def _days_of_starts(starts: Instants, zone: str) -> Instants:
    days = np.zeros(len(starts), dtype=np.int32)
    started = starts != NO_TIME
    days[started] = local_days(starts[started], zone)
    return days


@lru_cache(maxsize=64)
def _offsets(zone: str, first_year: int, last_year: int) -> tuple[Instants, Instants]:
    """(the instants at which the offset changes in those years; the offset before the first of them and after each of them), in ms.

    zoneinfo does not tell its transitions, so they are found by comparing days and halving the day in which the offset changes.
    """
    info = ZoneInfo(zone)
    end = int((datetime(last_year + 1, 1, 1, tzinfo=UTC) - _EPOCH) / timedelta(seconds=1))
    before = int((datetime(first_year, 1, 1, tzinfo=UTC) - _EPOCH) / timedelta(seconds=1))
    starts: list[int] = []
    offsets = [_offset(info, before)]
    while before < end:
        after = before + DAY // 1000
        offset = _offset(info, after)
        if offset != offsets[-1]:
            low, high = before, after
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(info, middle) == offsets[-1] else (low, middle)
            starts.append(high * 1000)
            offsets.append(offset)
        before = after
    return np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(info: ZoneInfo, seconds: int) -> int:
    """The zone's distance from UTC at an instant, in ms."""
    offset = (_EPOCH + timedelta(seconds=seconds)).astimezone(info).utcoffset()
    assert offset is not None, "an aware datetime has an offset"
    return int(offset / timedelta(milliseconds=1))
