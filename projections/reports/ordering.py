"""The order of lines in reports."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from projections.reports.parameters import Order

L = TypeVar("L")


def nulls_last(lines: Iterable[L], value: Callable[[L], Any], order: Order) -> list[L]:
    """The lines by a value that may be None, which comes last in either direction; lines of equal values stay in the order they had."""
    valued = [(value(line), line) for line in lines]
    present = sorted((one for one in valued if one[0] is not None), key=lambda one: one[0], reverse=order == "desc")
    return [line for _, line in present] + [line for found, line in valued if found is None]
