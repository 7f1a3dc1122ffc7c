"""The library: every report with what it is called, what it says, and how that is to be read."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from projections.reports import REPORTS


class Entry(NamedTuple):
    """A report of the library."""

    title: str
    group: str
    picture: str
    """What it looks like: line, bars, stacked, intervals or table."""
    meaning: str
    """How its numbers are made and read; an empty line divides paragraphs."""
    counts_opens: bool = True
    """Whether it makes a difference if opens of machines count."""
    opened_with: Mapping[str, str] = {}
    """What it is asked with when it is opened from the library, where that is easier to read than what it is asked with otherwise."""

    @property
    def paragraphs(self) -> list[str]:
        return [" ".join(text.split()) for text in self.meaning.split("\n\n")]


class Elsewhere(NamedTuple):
    """A report that has a page of its own."""

    title: str
    where: str
    """How to get there."""
    path: str


_TIME: Final = "Over time"
_SIDE: Final = "Sequences side by side"
_ONE: Final = "Inside one sequence"
_ANSWERS: Final = "Answers"
_PEOPLE: Final = "People"
_OWN: Final = "Your own"

LIBRARY: Final[Mapping[str, Entry]] = {
    "monthly": Entry(
        "By month",
        _TIME,
        "line",
        """
        Each line is a cohort: the enrollments that started in that month, in the time zone shown, and what has become of them
        until now. The rates are shares of these enrollments.

        The newest months are not done yet: their rates still grow as people answer. Months in which nobody started are there
        with zeros.
        """,
    ),
    "trend": Entry(
        "Trend",
        _TIME,
        "line",
        """
        Each point counts the enrollments that started in that day, week or month, and those of them that were opened, clicked,
        replied or met at any time since. It is no calendar of opens: an open in May of an enrollment of March counts in March.
        """,
        opened_with={"interval": "week"},
    ),
    "sentiment": Entry(
        "Sentiment of replies",
        _ANSWERS,
        "stacked",
        """
        Replies that count, by what the mailer says of them: positive, neutral, negative, or nothing. Automatic replies and
        replies that came after the end of an enrollment are none of them.
        """,
        counts_opens=False,
    ),
    "times": Entry(
        "Time to answer",
        _ANSWERS,
        "bars",
        """
        From the first send of a step to the first open, click and reply to it by a person, one for each enrollment and step;
        and from the start of an enrollment to its first reply and its first meeting.

        The median is the time that half of them did not exceed, p90 the one that nine in ten did not exceed. Both are off by at
        most 22.5 seconds or 3.2 %; the counts of the bars are exact.
        """,
        counts_opens=False,
    ),
    "sequences": Entry(
        "Totals and rates by sequence",
        _SIDE,
        "bars",
        """
        All sequences that any event has named, one line each. The chart shows the column that the table is sorted by.

        Enrollments are runs, contacts are different people. Opens, clicks, replies and meetings count each one that happened;
        the rates count whoever did it at least once.
        """,
    ),
    "engagement": Entry(
        "Engagement by sequence",
        _SIDE,
        "bars",
        """
        Different contacts of each sequence: whoever was enrolled twice or opened five times counts once in each column.
        """,
    ),
    "opens": Entry(
        "Opens with and without machines",
        _SIDE,
        "bars",
        """
        Scanners and mail programs open messages that nobody reads. Adjusted is the open rate from which they are gone entirely:
        what only machines opened leaves the numerator and what it is a share of.

        With opens of people alone, both rates count the same opens, and adjusted is the higher one, as it is a share of less.
        With opens of machines as well, the first rate is what a program that knows no machines would show.
        """,
    ),
    "variants": Entry(
        "Variants side by side",
        _SIDE,
        "intervals",
        """
        The rates of different contacts of each variant with the interval that holds the true rate in 95 of 100 cases (Wilson),
        and the difference to the baseline with its interval (Newcombe).

        p is how likely so great a difference is if there is none in truth (score test). Below 100 contacts in the variant or in
        the baseline it is too early to say anything, and there is no p. Who looks at many rates of many variants finds one of
        twenty below 0.05 by chance.
        """,
    ),
    "funnel": Entry(
        "Funnel",
        _ONE,
        "stacked",
        """
        A contact has reached a step by executing it or a later one. Whoever came no further is still there (an enrollment goes
        on), has answered (replied or met), or was dropped (neither).

        Drop-off is the share of dropped ones among those that reached the step. After the last step, dropped are those who went
        all the way without an answer.
        """,
        counts_opens=False,
    ),
    "steps": Entry(
        "Steps",
        _ONE,
        "stacked",
        """
        Where the enrollments stand: each at the step that it executed last, in the status that it has now or had at its end.

        The rates of a step are shares of the contacts that executed it; opens, clicks, replies, meetings and bounces are
        credited to the step whose message they belong to.
        """,
    ),
    "leaderboard": Entry(
        "Leaderboard",
        _PEOPLE,
        "bars",
        """
        What came of the enrollments by each user. Met, replied, clicked and opened count enrollments, the rates different
        contacts. Nobody collects the enrollments of which no user is known.
        """,
    ),
    "senders": Entry(
        "Sender score",
        _PEOPLE,
        "bars",
        """
        Of the enrollments of each user that have ended: how many were replied to among those that did not bounce, and how many
        bounced among all.

        Who has fewer than 100 ended enrollments has no score: that is too few to judge a person by.
        """,
        counts_opens=False,
    ),
    "custom": Entry(
        "Your own report",
        _OWN,
        "table",
        """
        Any measures by up to three dimensions, one of which may be a time. Rows are the combinations that have an enrollment.

        “All together” is counted over everybody, not added up over the rows: a contact that is in two rows is one contact.
        """,
    ),
}
ELSEWHERE: Final[Mapping[str, Elsewhere]] = {
    "analyze": Elsewhere("All sequences together", "On the page Analyze.", "/analyze"),
    "contacts": Elsewhere("Highly engaged contacts", "On the page Analyze.", "/analyze#engaged"),
    "performance": Elsewhere("One sequence", "On the page of each sequence.", "/sequences"),
    "enrollments": Elsewhere("Enrollments one by one", "On the tab Enrollments of each sequence.", "/sequences"),
    "contact": Elsewhere("One person", "On the page of each contact; any name in a list leads there.", "/analyze#engaged"),
}
assert {*LIBRARY, *ELSEWHERE} == {*REPORTS}, "every report is in the library, or has a page of its own"


def groups() -> dict[str, list[tuple[str, Entry]]]:
    """The library by groups, in order."""
    found: dict[str, list[tuple[str, Entry]]] = {}
    for name, entry in LIBRARY.items():
        found.setdefault(entry.group, []).append((name, entry))
    return found
