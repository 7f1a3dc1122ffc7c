"""Buckets of delays: in order, as wide as promised, and with limits on the hours and days that people ask for."""

import pytest

from projections.delays import LAST, UNIT, begin, bucket, middle

HOUR = 3_600_000
DAY = 24 * HOUR


def test_each_bucket_begins_where_the_one_before_ends() -> None:
    for number in range(1, LAST + 1):
        assert bucket(begin(number)) == number
        if number > 1:
            assert bucket(begin(number) - 1) == number - 1


def test_the_last_bucket_begins_at_256_days_and_is_open() -> None:
    assert begin(LAST) == 256 * DAY
    assert bucket(10_000 * DAY) == LAST
    assert middle(LAST) == 256 * DAY


def test_the_middle_is_off_by_no_more_than_promised() -> None:
    for number in range(1, LAST):
        for delay in (begin(number), begin(number + 1) - 1):
            assert abs(middle(number) - delay) <= max(UNIT / 2, delay / 32)


@pytest.mark.parametrize(
    "limit", [180_000, 900_000, HOUR, 4 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 8 * DAY, 16 * DAY, 32 * DAY, 128 * DAY]
)
def test_limits_for_people_are_limits_of_buckets(limit: int) -> None:
    assert begin(bucket(limit)) == limit
