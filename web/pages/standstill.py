"""When numbers that are behind the log do not move any more."""

from typing import Final

from events.publisher import now
from events.rfc3339 import parse_time
from projections.reports.as_of import AsOf

PATIENCE: Final = 15_000
"""Milliseconds without a commit after which what is still to come is no matter of course any more."""


def is_one(as_of: AsOf) -> bool:
    """Whether events wait, and none was counted for a while."""
    return bool(as_of.lag) and (as_of.time is None or now() - parse_time(as_of.time) > PATIENCE)
