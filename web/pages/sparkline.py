"""Small lines without axes, as points of SVG."""

from collections.abc import Sequence
from typing import Final

WIDTH: Final = 96
HEIGHT: Final = 24
_MARGIN: Final = 2


def points(values: Sequence[int]) -> str:
    """The points of a polyline in a box of 96 by 24; "" for less than two values."""
    if len(values) < 2:
        return ""
    most = max(values) or 1
    across, up = (WIDTH - 2 * _MARGIN) / (len(values) - 1), HEIGHT - 2 * _MARGIN
    return " ".join(f"{_MARGIN + place * across:.1f},{HEIGHT - _MARGIN - value / most * up:.1f}" for place, value in enumerate(values))
