"""How many enrollments there are in each status, each number the way to the list of them."""

from typing import Final, NamedTuple

from projections.reports.enrollments import Enrollments
from projections.reports.parameters import Given
from projections.reports.rates import STATUSES_STARTED
from web.pages import links
from web.pages.listed import COLOURS, reason_words, status_words

_NOT_STARTED: Final = ("scheduled", "canceled")


class Count(NamedTuple):
    """One number; `href` leads to the list that has so many."""

    label: str
    number: int
    href: str
    current: bool
    colour: str | None = None
    within: "tuple[Count, ...]" = ()
    """What it consists of."""


def rail(found: Enrollments, given: Given) -> list[Count]:
    """All that started, each status, and what has not started. `given` without a cursor."""
    asked = given.get("status", ())
    counts = found.statuses.model_dump()

    def count(status: str, number: int, label: str, *within: Count) -> Count:
        return Count(label, number, links.same(given, status=status), status in asked, COLOURS.get(status), within)

    reasons = tuple(
        count(f"unenrolled:{reason}", number, reason_words(reason).capitalize())
        for reason, number in found.reasons.model_dump().items()
        if number or f"unenrolled:{reason}" in asked
    )
    started = sum(counts[status] for status in STATUSES_STARTED)
    return [
        Count("All", started, links.same(given, status=None), not asked),
        *(
            count(status, counts[status], status_words(status), *(reasons if status == "unenrolled" else ()))
            for status in (*STATUSES_STARTED, *_NOT_STARTED)
        ),
    ]
