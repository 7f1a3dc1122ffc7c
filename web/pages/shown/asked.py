"""The question that an answer is shown of."""

from datetime import date, timedelta
from typing import NamedTuple

from projections.reports.parameters import Given
from web.pages import filters, links
from web.pages.called import NO_WORDS, Words


class Asked(NamedTuple):
    """A report as it was asked."""

    report: str
    subject: str | None
    given: Given
    """Its parameters."""
    zone: str
    """Of times."""
    prefix: str = ""
    """Of the ids of elements, where several reports are on one page."""
    words: Words = NO_WORDS
    """What people call things, for reports that do not say."""

    @property
    def common(self) -> dict[str, list[str]]:
        """What goes along with a link to other pages: which enrollments are meant, and how they are looked at."""
        return filters.common(self.given)

    @property
    def csv(self) -> str:
        return links.csv(self.report, self.subject, self.given)

    def one(self, name: str) -> str | None:
        """The value of a parameter that has one."""
        return next(iter(self.given.get(name, ())), None)

    def started_in(self, first: date, length: str) -> str:
        """The page Analyze of those that started in a day, week or month that begins with `first`, as far as the filters allow it."""
        last = _last(first, length)
        earliest, latest = self.one("enrolled_from"), self.one("enrolled_to")
        return links.analyze(
            self.common,
            enrolled_from=max(first.isoformat(), earliest or ""),
            enrolled_to=min(last.isoformat(), latest or last.isoformat()),
        )


def _last(first: date, length: str) -> date:
    if length == "month":
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first + timedelta(days=6 if length == "week" else 0)
