from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.rfc3339 import format_time, parse_time, to_datetime, to_milliseconds


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-03-02T10:00:00Z", 1_772_445_600_000),
        ("2026-03-02t10:00:00z", 1_772_445_600_000),
        ("2026-03-02T12:00:00+02:00", 1_772_445_600_000),
        ("2026-03-02T00:30:00-09:30", 1_772_445_600_000),
        ("2026-03-02T10:00:00-00:00", 1_772_445_600_000),
        ("2026-03-02T10:00:00.5Z", 1_772_445_600_500),
        ("2026-03-02T10:00:00.05+00:00", 1_772_445_600_050),
        ("2026-03-02T10:00:00.9999999999999999999Z", 1_772_445_600_999),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("2000-02-29T00:00:00Z", 951_782_400_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("0000-02-29T00:00:00Z", -62_162_121_600_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("9999-12-31T23:59:59.999-23:59", 253_402_300_799_999 + 86_340_000),
    ],
)
def test_a_time_is_read(text: str, milliseconds: int) -> None:
    assert parse_time(text) == milliseconds


def test_before_1970_a_fraction_is_cut_towards_the_past_and_not_towards_zero() -> None:
    assert parse_time("1969-12-31T23:59:59.9999Z") == -1
    assert parse_time("1969-12-31T23:59:59.0001Z") == -1000


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-03-02", "2026-03-02T10:00:00", "2026-03-02T10:00Z", "2026-03-02 10:00:00Z", "20260302T100000Z", "2026-W10-1T10:00:00Z"),
        *("2026-02-29T10:00:00Z", "1900-02-29T10:00:00Z", "2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z", "2026-01-00T10:00:00Z"),
        *("2026-03-02T24:00:00Z", "2026-03-02T10:60:00Z", "2026-03-02T10:00:60Z", "2016-12-31T23:59:60Z"),
        *("2026-03-02T10:00:00.Z", "2026-03-02T10:00:00,5Z", "2026-03-02T10:00:00 Z", "2026-03-02T10:00:00.5"),
        *("2026-03-02T10:00:00+0200", "2026-03-02T10:00:00+02", "2026-03-02T10:00:00+24:00", "2026-03-02T10:00:00+02:60"),
        *("2026-03-02T10:00:00Z ", " 2026-03-02T10:00:00Z", "2026-03-02T10:00:00Z\n", "-026-03-02T10:00:00Z", "12026-03-02T10:00:00Z"),
        *("٢٠٢٦-03-02T10:00:00Z", "2026-03-02T1٠:00:00Z", "2026-03-02T10:00:00.٥Z", "2026-03-02T10:00:00+٠2:00"),
    ],
)
def test_what_is_not_rfc_3339_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\A[^\n]+\Z"):
        parse_time(text)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-1439, 1439))
def test_python_reads_its_own_times_alike(moment: datetime, offset: int) -> None:
    """Python's isoformat and arithmetic as an independent witness, in any zone."""
    zone = timezone(timedelta(minutes=offset))
    try:
        text = moment.astimezone(zone).isoformat()
    except OverflowError:
        return  # no datetime holds this moment in that zone
    assert parse_time(text) == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_formatted_time_is_read_back(moment: datetime) -> None:
    milliseconds = to_milliseconds(moment)
    assert parse_time(format_time(milliseconds)) == milliseconds
    assert to_milliseconds(to_datetime(milliseconds)) == milliseconds


def test_a_fraction_is_written_only_where_there_is_one() -> None:
    assert format_time(1_772_445_600_000) == "2026-03-02T10:00:00Z"
    assert format_time(1_772_445_600_050) == "2026-03-02T10:00:00.050Z"
    assert format_time(-1) == "1969-12-31T23:59:59.999Z"


def test_a_datetime_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        to_milliseconds(datetime(2026, 3, 2))  # noqa: DTZ001 - the point of the test
