"""Local dates, held against zoneinfo asked one instant at a time."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from projections.reports.time_zone import local_days

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "America/St_Johns",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "America/Havana",
]


def one_by_one(instant: int, zone: str) -> int:
    return ((EPOCH + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone)).date() - date(1970, 1, 1)).days


def milliseconds(text: str) -> int:
    return int((datetime.fromisoformat(text) - EPOCH) / timedelta(milliseconds=1))


@given(
    st.lists(st.integers(milliseconds("2000-01-01T00:00:00+00:00"), milliseconds("2040-01-01T00:00:00+00:00")), max_size=20),
    st.sampled_from(ZONES),
)
def test_local_days_of_any_instants(instants: list[int], zone: str) -> None:
    assert [one_by_one(instant, zone) for instant in instants] == local_days(np.array(instants, dtype=np.int64), zone).tolist()


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_around_every_midnight_and_change_of_some_years(zone: str) -> None:
    first = milliseconds("2009-12-01T00:00:00+00:00")
    instants = [first + step * 1_800_000 + beside for step in range(3 * 365 * 48) for beside in (-1, 0)][::3]
    assert [one_by_one(instant, zone) for instant in instants] == local_days(np.array(instants, dtype=np.int64), zone).tolist()


def test_a_clock_set_back_across_midnight_enters_a_day_twice() -> None:
    # Newfoundland changed its clocks at one minute past midnight: 7 November 2010 began, ended after a minute, and began again.
    times = ["2010-11-07T02:29:59+00:00", "2010-11-07T02:30:00+00:00", "2010-11-07T02:31:00+00:00", "2010-11-07T03:30:00+00:00"]
    days = local_days(np.array([milliseconds(time) for time in times]), "America/St_Johns")
    expected = ["2010-11-06", "2010-11-07", "2010-11-06", "2010-11-07"]
    assert expected == [str(date(1970, 1, 1) + timedelta(days=int(day))) for day in days]
