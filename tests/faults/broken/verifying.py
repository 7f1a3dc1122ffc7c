"""A verify that does not look at everything."""

from collections.abc import Iterator
from typing import Any

from streams import verify
from streams.partition_check import PartitionCheck
from tests.faults.broken import Set


def without_partitions(set_: Set) -> None:
    """Contacts, rows, names and what else belongs to one partition."""
    set_(PartitionCheck, "compare", _no_differences)


def without_counters(set_: Set) -> None:
    set_(verify, "counter_differences", _no_differences)


def _no_differences(*_: Any) -> Iterator[Any]:
    yield from ()
