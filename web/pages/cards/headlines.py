"""The headline numbers of `performance` and `analyze`: the tiles that stand first on their pages."""

from typing import Any, Final, NamedTuple

from projections.reports.parameters import Given
from projections.reports.rates import Rate
from web.pages import filters
from web.pages.meanings import RATES, STARTED, meaning

_LEADING: Final = {"performance": "reply", "analyze": "reply_to_sequence"}
"""The reply rate that each of the pages leads with."""
_ALL_SEQUENCES: Final = "*"
"""The line of all sequences together."""


class Tile(NamedTuple):
    """A rate, with what it means."""

    name: str
    label: str
    rate: Rate
    meaning: str


class Headlines(NamedTuple):
    """How many were enrolled, and what came of it."""

    started: int
    contacts: int
    meaning: str
    """Of the number that started."""
    tiles: list[Tile]
    live: str | None
    """The line in which these numbers are pushed to live pages; None where they are not."""


def headlines(report: str, answer: Any, given: Given) -> Headlines:
    """The answer of one of the two reports, to these parameters."""
    rates = ("open", "click", _LEADING[report], "meeting", "no_response", "bounce")
    return Headlines(
        answer.enrollments.started,
        answer.enrollments.contacts,
        STARTED,
        [Tile(rate, RATES[rate], getattr(answer.rates, rate), meaning(rate, answer.basis, answer.opens)) for rate in rates],
        None if filters.filtered(given) else getattr(answer, "sequence_id", _ALL_SEQUENCES),
    )
