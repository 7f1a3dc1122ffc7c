"""The wall clock of the command line."""

from time import time_ns


def now() -> int:
    """The present, in ms since 1970 UTC."""
    return time_ns() // 1_000_000
