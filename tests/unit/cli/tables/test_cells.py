"""Numbers, durations and bars as people read them."""

from typing import Any

import pytest

from cli.tables.cells import bar, bars, duration, local_day, local_minute, percent, value


def rate(numerator: int, denominator: int) -> dict[str, Any]:
    return {"value": numerator / denominator if denominator else None}


def test_nothing_of_nothing_is_no_zero() -> None:
    assert (percent(rate(0, 0)), percent(rate(0, 4)), percent(rate(1, 3))) == ("–", "0.0%", "33.3%")


def test_a_value_is_a_number_or_a_rate() -> None:
    assert (value(12_345), value(rate(1, 4))) == ("12,345", "25.0%")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (67.5, "1 min 8 s"),
        (7_800, "2 h 10 min"),
        (7_201, "2 h"),
        (86_400, "1 d"),
        (90_061, "1 d 1 h"),
        (86_459, "1 d"),
        (22_118_400, "256 d"),
    ],
)
def test_durations_have_their_two_greatest_units(seconds: float | None, told: str) -> None:
    assert duration(seconds) == told


def test_times_are_those_of_the_zone() -> None:
    assert (local_minute("2026-03-02T23:30:59Z", "Asia/Tokyo"), local_minute(None, "UTC")) == ("2026-03-03 08:30", "–")
    assert (local_day("2026-03-02T23:30:59Z", "Asia/Tokyo"), local_day(None, "UTC")) == ("2026-03-03", "–")


@pytest.mark.parametrize(("share", "drawn"), [(0, ""), (None, ""), (1, "████"), (0.5, "██"), (0.53, "██▏"), (0.99, "████")])
def test_a_bar_is_as_long_as_its_share(share: float | None, drawn: str) -> None:
    assert str(bar(share, 4)) == drawn


def test_small_bars_are_there_for_whatever_is_there() -> None:
    assert str(bars([0, 1, 500, 1000])) == "·▁▄█"
    assert (str(bars([0, 0])), str(bars([]))) == ("··", "")
