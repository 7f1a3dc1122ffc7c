"""Section 1: from raw events to distinct facts, and to the enrollment and step each of them belongs to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.oracle.times import milliseconds

Event = Mapping[str, Any]
Key = tuple[str, str, str]
"""An enrollment is known by (contact_id, sequence_id, enrollment_id)."""

PER_MESSAGE = 500
CONTACT_TYPES = ("contact.updated", "contact.erased")


@dataclass(frozen=True, eq=False)
class Fact:
    """One distinct event; `data` without its nulls, since absent and null are the same (section 7)."""

    type: str
    time: int
    source: str
    id: str
    data: Mapping[str, Any]

    @property
    def order(self) -> tuple[int, str, str]:
        """Time decides; equal times are ordered by something in the event."""
        return (self.time, self.source, self.id)

    @property
    def names_enrollment(self) -> bool:
        return "enrollment_id" in self.data

    @property
    def names_message(self) -> bool:
        return "message_id" in self.data

    @property
    def names_neither(self) -> bool:
        return not self.names_enrollment and not self.names_message


@dataclass(frozen=True, eq=False)
class History:
    """All that is known of one account: distinct facts, and the profile records in the order of the log."""

    facts: list[Fact]
    profiles: list[Fact]


def as_fact(event: Event) -> Fact:
    data = {name: value for name, value in event["data"].items() if value is not None}
    return Fact(event["type"], milliseconds(event["time"]), event["source"], event["id"], data)


def distinct(events: Iterable[Event], account: str = "default") -> list[Fact]:
    """1.1: equal (account, source, id) are one event, however often they arrive. In order of time."""
    own = [as_fact(event) for event in events if (event.get("account") or "default") == account]
    return sorted({(fact.source, fact.id): fact for fact in reversed(own)}.values(), key=lambda fact: fact.order)


def that_count(facts: Iterable[Fact]) -> list[Fact]:
    """Rule 6 and section 7: of one contact and message the 500 earliest opens and 500 earliest clicks; others count nowhere."""
    taken: dict[tuple[str, str, str], int] = {}
    counting = []
    for fact in facts:
        if fact.type in ("email.opened", "email.clicked"):
            place = (fact.type, fact.data["contact_id"], fact.data["message_id"])
            taken[place] = taken.get(place, 0) + 1
            if taken[place] > PER_MESSAGE:
                continue
        counting.append(fact)
    return counting


def history(events: Iterable[Event], account: str = "default") -> History:
    events = list(events)
    # Rule 15: in contact-events the last record of the log wins, a repeated delivery included.
    records = [event for event in events if event["type"] in CONTACT_TYPES and (event.get("account") or "default") == account]
    return History(that_count(distinct(events, account)), [as_fact(event) for event in records])


def of_type(facts: Iterable[Fact], *types: str) -> list[Fact]:
    return [fact for fact in facts if fact.type in types]


def earliest(facts: Iterable[Fact]) -> Fact | None:
    return min(facts, key=lambda fact: fact.order, default=None)


def latest(facts: Iterable[Fact]) -> Fact | None:
    return max(facts, key=lambda fact: fact.order, default=None)


def named(fact: Fact) -> Key | None:
    if not fact.names_enrollment:
        return None
    return (fact.data["contact_id"], fact.data["sequence_id"], fact.data["enrollment_id"])


def sent_event(known: History, fact: Fact) -> Fact | None:
    """The earliest `email.sent` of the fact's contact and message, whenever it arrives."""
    if not fact.names_message:
        return None
    return earliest(
        sent
        for sent in of_type(known.facts, "email.sent")
        if sent.data["contact_id"] == fact.data["contact_id"] and sent.data["message_id"] == fact.data["message_id"]
    )


def resolved(known: History, fact: Fact) -> Key | None:
    """1.2: the enrollment the event names, else that of the sent event; None while it waits or when it names neither."""
    if fact.names_enrollment:
        return named(fact)
    sent = sent_event(known, fact)
    return None if sent is None else named(sent)


def waits(known: History, fact: Fact) -> bool:
    return fact.names_message and not fact.names_enrollment and sent_event(known, fact) is None


def step_of(known: History, fact: Fact) -> str | None:
    """1.2: the event's own step, else that of the sent event."""
    if "step_id" in fact.data:
        return str(fact.data["step_id"])
    sent = sent_event(known, fact)
    return None if sent is None else str(sent.data["step_id"])


def is_machine(known: History, fact: Fact) -> bool:
    """Rule 6: the latest reclassification naming the event decides, either way; else its own `machine`, absent = false."""
    target = {"source": fact.source, "id": fact.id}
    said = latest(
        other
        for other in of_type(known.facts, "engagement.reclassified")
        # Section 7: a reclassification of another contact's event has no effect.
        if other.data["contact_id"] == fact.data["contact_id"]
        and any({"source": one["source"], "id": one["id"]} == target for one in other.data["events"])
    )
    return bool(said.data["machine"]) if said is not None else bool(fact.data.get("machine", False))


def enrollment_keys(known: History) -> list[Key]:
    """1.2: an enrollment exists once any valid event names it."""
    return sorted({key for fact in known.facts if (key := named(fact)) is not None})


def sequence_ids(known: History) -> list[str]:
    return sorted({fact.data["sequence_id"] for fact in known.facts if "sequence_id" in fact.data})
