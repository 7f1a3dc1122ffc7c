"""Contributions that many contacts share, kept once.

Most contacts have one enrollment, and most enrollments are in one of a few thousand conditions (two e-mails sent, one opened, active at
step three ...). What such a condition adds to the counters, and what changes when it becomes another, is worked out the first time and
looked up from then on.
"""

from typing import Final

from projections.contribution import counters, difference
from projections.facts import Contact
from projections.view import ContactView

_Condition = tuple[object, ...]
_LIMIT: Final = 20_000
"""Conditions kept; when there are more, all are forgotten, which costs only time."""


class Counted:
    """What a contact adds to the counters. `numbers` must not be changed: others may share it."""

    __slots__ = ("_changes", "numbers", "shared")

    def __init__(self, numbers: dict[int, int], shared: bool) -> None:
        self.numbers = numbers
        self.shared = shared
        self._changes: dict[Counted, list[tuple[int, int]]] = {}

    def changes_to(self, other: "Counted") -> list[tuple[int, int]]:
        """What has to be added to which counter when this contribution becomes the other."""
        if not (self.shared and other.shared):
            return difference(self.numbers, other.numbers)
        changes = self._changes.get(other)
        if changes is None:
            changes = self._changes[other] = difference(self.numbers, other.numbers)
        return changes


class Conditions:
    """The shared contributions of one (partition, account), whose names codes they contain."""

    __slots__ = ("_known", "_nothing")

    def __init__(self) -> None:
        self._known: dict[_Condition, Counted] = {}
        self._nothing = Counted({}, shared=True)

    @property
    def nothing(self) -> Counted:
        """The contribution of a contact that is not in the store yet."""
        return self._nothing

    def counted(self, contact: Contact, view: ContactView) -> Counted:
        """What the contact adds, equal to `contribution.counters`."""
        if len(view.enrollments) != 1:
            return Counted(counters(contact, view), shared=False)
        condition = _condition(contact, view)
        known = self._known.get(condition)
        if known is None:
            if len(self._known) >= _LIMIT:
                self._known.clear()
                self._nothing = Counted({}, shared=True)
            known = self._known[condition] = Counted(counters(contact, view), shared=True)
        return known


def _condition(contact: Contact, view: ContactView) -> _Condition:
    """All that `counters` looks at, for a contact with one enrollment: of messages and sends only how many are alike."""
    (seen,) = view.enrollments
    return (
        contact.enrollments[0].sequence,
        seen.status,
        seen.outcome,
        seen.flags,
        seen.step,
        seen.totals,
        seen.second_ends,
        seen.implicit_start,
        view.waiting,
        tuple(sorted(seen.steps.items())),
        tuple(sorted([step for _, step in seen.sent_steps])),
        tuple(sorted(seen.messages.values())),
    )
