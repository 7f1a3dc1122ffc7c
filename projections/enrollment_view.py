"""The view as data: what is true of one enrollment, of one contact, and what the enrollments of a contact have in common."""

from typing import Final

from projections import meaning
from projections.contact import Contact, Fact
from projections.facts import content_order
from projections.meaning import SENTIMENTS, TOTALS
from projections.names import Names

_NO_ATTRIBUTES: Final = (0, 0, 0, 0)
_NO_TOTALS: Final = (0,) * len(TOTALS)
NO_SENTIMENTS: Final = (0,) * len(SENTIMENTS)

OPENED_AFTER: Final = 0
CLICKED_AFTER: Final = 1
REPLIED_AFTER: Final = 2
"""Kinds of `EnrollmentView.delays`."""


class EnrollmentView:
    """What is true of one enrollment. Times are ms since 1970 UTC; ids are names codes (0 = null); codes and bits are those of
    `projections.meaning`.

    An enrollment that has not started has no `started_at` and no `outcome`; what else is known of it is shown, but counts nowhere.
    """

    __slots__ = (
        "attributes",
        "delays",
        "ended_at",
        "flags",
        "implicit_start",
        "last_engaged_at",
        "messages",
        "met_after",
        "outcome",
        "reason",
        "replied_after",
        "second_ends",
        "sent_at",
        "sent_steps",
        "sentiments",
        "started_at",
        "status",
        "step",
        "steps",
        "totals",
    )

    def __init__(self) -> None:
        self.status = meaning.ORPHAN
        self.reason = 0
        self.outcome: int | None = None
        self.attributes: tuple[int, ...] = _NO_ATTRIBUTES  # enrolled_by, company, team, variant
        self.started_at: int | None = None
        self.ended_at: int | None = None
        self.last_engaged_at: int | None = None
        self.flags = 0
        self.step = 0
        self.totals: tuple[int, ...] = _NO_TOTALS
        self.messages: dict[int, int] = {}  # message (its position) -> bits of MESSAGE_FACTS
        self.steps: dict[int, int] = {}  # step -> bits of STEP_FACTS
        self.sent_steps: set[tuple[int, int]] = set()  # (message, step) of every send
        self.sent_at: dict[int, int] = {}  # step -> its earliest send
        self.delays: dict[int, int] = {}  # step << 2 | one of DELAYS -> ms from its earliest send to the earliest such event after it
        self.replied_after: int | None = None  # ms from the start to the earliest counted reply
        self.met_after: int | None = None  # ms from the start to the earliest counted meeting
        self.sentiments: tuple[int, ...] = NO_SENTIMENTS  # counted replies, by meaning.SENTIMENTS
        self.implicit_start = False
        self.second_ends = 0

    @property
    def started(self) -> bool:
        return self.status >= meaning.FIRST_STARTED


class ContactView:
    """What is true of one contact: a view for each of `Contact.enrollments`, in their order, and how many events wait for their message."""

    __slots__ = ("enrollments", "waiting")

    def __init__(self, enrollments: list[EnrollmentView], waiting: int) -> None:
        self.enrollments = enrollments
        self.waiting = waiting


class Resolved:
    """What the enrollments of a contact have in resolved."""

    __slots__ = ("base", "canceled", "contact", "loose", "names", "sent_events", "verdicts")

    def __init__(self, contact: Contact, names: Names) -> None:
        self.contact = contact
        self.names = names
        self.base: int = contact.base
        self.loose: list[Fact] = []  # replies and meetings that name neither enrollment nor message
        self.sent_events: dict[int, Fact] = {}  # message -> its sent event
        self.verdicts: dict[int, int] = {}  # identity of a reclassified open or click -> 1 if it is a machine's
        self.canceled: set[int] = set()  # meetings

    def precedes(self, one: Fact, other: Fact) -> bool:
        """Whether a fact is earlier than another; of equal times, whether its content is the lesser."""
        if one[1] != other[1]:
            return bool(one[1] < other[1])
        if one[0] != other[0]:  # what the content is compared by first
            return bool(one[0] < other[0])
        return content_order(self.contact, one, self.names) < content_order(self.contact, other, self.names)
