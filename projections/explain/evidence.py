"""Which events set a flag: found by experiment, since the rules are in the view and nowhere else.

An event has set a flag of an enrollment if the view shows so when the event is the only one of its kind. For the experiment it is given a
step of its own, which gets the credit if the event counts.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from projections import meaning
from projections.contact import Contact, Fact
from projections.enrollment_view import ContactView, EnrollmentView
from projections.explain.recorded import Recorded
from projections.facts import (
    BOOKED,
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    ERRORED,
    FINISHED,
    NONE,
    OPENED,
    REPLIED,
    SENT,
    UNENROLLED,
    UNSUBSCRIBED,
    content_order,
    identity_of,
    unite,
)
from projections.meaning import FLAGS, MESSAGE_FACTS, TOTALS
from projections.names import Names
from projections.view import view

_ENDS: Final = (FINISHED, UNENROLLED, ERRORED)
_KINDS: Final = {
    "opened": OPENED,
    "opened_any": OPENED,
    "clicked": CLICKED,
    "clicked_any": CLICKED,
    "replied": REPLIED,
    "replied_to_sequence": REPLIED,
    "met": BOOKED,
    "bounced": BOUNCED,
    "unsubscribed": UNSUBSCRIBED,
    "complained": COMPLAINED,
}
"""Flag, or what is true of a message -> the kind of facts that set it."""
_CREDITS: Final = {
    "opened": meaning.STEP_OPENED,
    "opened_any": meaning.STEP_OPENED_ANY,
    "clicked": meaning.STEP_CLICKED,
    "clicked_any": meaning.STEP_CLICKED_ANY,
    "replied": meaning.STEP_REPLIED,
    "met": meaning.STEP_MET,
    "bounced": meaning.STEP_BOUNCED,
}
"""Flag -> the credit that a step gets for what sets it; the other flags leave none."""
_PROBE: Final = "\0"
"""No id can be this one."""
_PARTS: Final = {"engaged": ("opened", "clicked", "replied", "met"), "engaged_any": ("opened_any", "clicked_any", "replied", "met")}


class Evidence:
    """The events of one contact, as the rules see them. Enrollments are known by their position."""

    def __init__(self, recorded: Sequence[Recorded]) -> None:
        self.recorded = recorded
        self.names = Names()
        self.contact = Contact(0, recorded[0].event.time if recorded else 0, [], [], set())
        self.messages: list[str] = []
        """Message ids by position."""
        self._recorded_by_identity: dict[int, Recorded] = {}
        for one in recorded:
            if not one.repeats:
                self._recorded_by_identity[identity_of(one.event.source, one.event.id)] = one
                unite(self.contact, one.event, self.names, lambda _: 0)
                if len(self.contact.messages) > len(self.messages):
                    self.messages.append(getattr(one.event.data, "message_id"))  # noqa: B009  not every type names one
        self.view = view(self.contact, self.names)
        self._facts = {fact[2]: fact for fact in self.contact.facts if fact[2]}

    def position(self, sequence_id: str, enrollment_id: str) -> int | None:
        """Where an enrollment stands; None if no event names it."""
        known = ((self.names.text(one.sequence), one.enrollment_id) for one in self.contact.enrollments)
        return next((position for position, one in enumerate(known) if one == (sequence_id, enrollment_id)), None)

    def of_flag(self, position: int, flag: str) -> list[Recorded]:
        """The events that set a flag (one of meaning.FLAGS, `engaged`, `engaged_any`) of an enrollment, in order of time; [] if it is not
        set. Of `no_response` the end."""
        if flag in _PARTS:
            return _ordered(one for part in _PARTS[flag] for one in self.of_flag(position, part))
        if flag == "no_response":
            return [self.end(position)]
        bit = 1 << FLAGS.index(flag)
        if not self.view.enrollments[position].flags & bit:
            return []
        kind = _KINDS[flag]
        found = [self._record(fact) for fact in self._of(kind) if self.sets(position, flag, fact)]
        without = view(self._with(fact for fact in self.contact.facts if fact[0] != kind), self.names)
        if without.enrollments[position].flags & bit:
            found.append(self.end(position))
        return _ordered(found)

    def of_message(self, position: int, message: int, fact_name: str) -> list[Recorded]:
        """The events that make something (one of meaning.MESSAGE_FACTS) true of a message within an enrollment, in order of time."""
        if fact_name in ("sent", "delivered"):
            return [one for one in self.recorded if self._says(one, position, message, f"email.{fact_name}")]
        bit = 1 << MESSAGE_FACTS.index(fact_name)
        return _ordered(
            self._record(fact)
            for fact in self._of(_KINDS[fact_name])
            if fact[4] == message and self._alone(fact).enrollments[position].messages.get(message, 0) & bit
        )

    def sets(self, position: int, flag: str, fact: Fact) -> bool:
        """Whether a fact by itself sets a flag of an enrollment."""
        seen = self._alone(fact).enrollments[position]
        credit = _CREDITS.get(flag)
        if credit is not None:
            return bool(seen.steps.get(self.names.code(_PROBE), 0) & credit)
        return _LEFT[flag](seen)

    def fact(self, one: Recorded) -> Fact | None:
        """What is kept of an event; None if nothing is, or nothing that is its alone."""
        return self._facts.get(identity_of(one.event.source, one.event.id))

    def end(self, position: int) -> Recorded:
        """The event that ended an enrollment."""
        ends = [fact for fact in self.contact.facts if fact[0] in _ENDS and fact[3] == position]
        fact = min(ends, key=lambda fact: (fact[1], content_order(self.contact, fact, self.names)))
        assert fact[1] + self.contact.base == self.view.enrollments[position].ended_at, "the earliest end is the end"
        return self._record(fact)

    def belongs_to(self, one: Recorded) -> int | None:
        """The enrollment that an event belongs to: the one that it names, or that has sent the message it names; None for neither."""
        named: str | None = getattr(one.event.data, "enrollment_id", None)
        if named is not None:
            return self.position(one.event.data.sequence_id, named)  # type: ignore[attr-defined]  # both or neither
        message_id: str | None = getattr(one.event.data, "message_id", None)
        if message_id is None:
            return None
        # Something that counts whenever it happened tells whose message it is.
        message = self.messages.index(message_id)
        probe = (DELIVERED, 0, 0, NONE, message, 0, 0)
        seen = view(self._with((*(fact for fact in self.contact.facts if fact[0] == SENT), probe)), self.names)
        owners = (at for at, of in enumerate(seen.enrollments) if of.messages.get(message, 0) & meaning.MESSAGE_DELIVERED)
        return next(owners, None)

    def _says(self, one: Recorded, position: int, message: int, type_: str) -> bool:
        return one.event.type == type_ and one.event.data.message_id == self.messages[message] and self.belongs_to(one) == position  # type: ignore[attr-defined]

    def _of(self, kind: int) -> list[Fact]:
        return [fact for fact in self.contact.facts if fact[0] == kind]

    def _alone(self, fact: Fact) -> ContactView:
        """The view if the fact were the only one of its kind, at a step of its own."""
        others = (known for known in self.contact.facts if known[0] != fact[0])
        return view(self._with((*others, (*fact[:5], self.names.code(_PROBE), fact[6]))), self.names)

    def _with(self, facts: Iterable[Fact]) -> Contact:
        known = self.contact
        return Contact(known.ordinal, known.base, known.enrollments, known.messages, set(facts))

    def _record(self, fact: Fact) -> Recorded:
        return self._recorded_by_identity[fact[2]]


def _counted(total: str) -> Callable[[EnrollmentView], bool]:
    place = TOTALS.index(total)
    return lambda seen: seen.totals[place] > 0


def _message_replied(seen: EnrollmentView) -> bool:
    return any(bits & meaning.MESSAGE_REPLIED for bits in seen.messages.values())


_LEFT: Final[dict[str, Callable[[EnrollmentView], bool]]] = {
    "replied_to_sequence": _message_replied,
    "unsubscribed": _counted("unsubscribes"),
    "complained": _counted("complaints"),
}
"""How the flags without a credit show."""


def _ordered(events: Iterable[Recorded]) -> list[Recorded]:
    distinct = {(one.topic, one.partition, one.offset): one for one in events}
    return sorted(distinct.values(), key=lambda one: (one.event.time, one.event.source, one.event.id))
