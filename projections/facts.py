"""The state of a contact: the set of facts that its events say. Taking an event in is set union.

A fact is a flat tuple, so that equal facts are equal members of a set and the whole set is encoded in one call:

    (kind, time, identity, enrollment, message, step, detail)

    kind        one of the constants below
    time        ms after the contact's `base`; 0 where only the existence counts
    identity    64-bit hash of (source, id) for kinds whose distinct events are counted or named by others; 0 where what is said is enough
    enrollment  position in `Contact.enrollments` of the enrollment that the event names; NONE if it names none
    message     position in `Contact.messages`; NONE if it names none
    step        names code of the step that the event names; 0 if it names none
    detail      what the kind needs besides, see DETAILS

Kinds without time or identity make many events one fact (three `email.delivered` of one message say the same thing), which keeps states
small. Positions and codes depend on the order of arrival; they are names for what they point at, and `projections.dump` writes the
things themselves.

DETAILS: started, scheduled: (enrolled_by, company, team, variant) as names codes · unenrolled: 2 * reason code + (1 if it names a
message) · opened, clicked: 1 if machine · replied, auto_replied: 1 + the sentiment's position in meaning.SENTIMENTS, or 0 · bounced: 1 if
soft · booked: (meeting hash, organizer code, trigger) with trigger 0 not given, 1 false, 2 true · canceled: meeting hash · reclassified:
(1 if machine, identity, ...) · else 0.
"""

from collections.abc import Callable
from typing import Any, Final

from xxhash import xxh3_64_intdigest

from events.wire import WireEvent
from projections.contact import Contact as Contact
from projections.contact import Enrollment, Fact
from projections.meaning import REASON_CODES, SENTIMENTS
from projections.names import Names

Detail = int | tuple[int, ...]
NONE: Final = -1
KEPT_ENGAGEMENTS: Final = 500
"""Of one message, the earliest opens and the earliest clicks that count (semantics: rule 6). The rest is not even kept."""

# The order serves the view, which asks for ranges: what opens and closes an enrollment, what moves it along, what happens to its messages.
STARTED: Final = 0
SCHEDULED: Final = 1
PAUSED: Final = 2
RESUMED: Final = 3
FINISHED: Final = 4
UNENROLLED: Final = 5
ERRORED: Final = 6
EXECUTED: Final = 7
SKIPPED: Final = 8
SENT: Final = 9
TASK_COMPLETED: Final = 10
DELIVERED: Final = 11
DEFERRED: Final = 12
DROPPED: Final = 13
OPENED: Final = 14
CLICKED: Final = 15
REPLIED: Final = 16
AUTO_REPLIED: Final = 17
BOUNCED: Final = 18
UNSUBSCRIBED: Final = 19
COMPLAINED: Final = 20
BOOKED: Final = 21
CANCELED: Final = 22
RECLASSIFIED: Final = 23

_SENTIMENT_CODES: Final = {sentiment: code for code, sentiment in enumerate((None, *SENTIMENTS))}


def _hash(text: str) -> int:
    return xxh3_64_intdigest(text.encode())


def identity_of(source: str, event_id: str) -> int:
    """64-bit identity within one account. Ids hold no control characters, so the last NUL divides the two without doubt."""
    return _hash(f"{source}\0{event_id}")


class _Shape:
    """How a type becomes a fact: which of the parts the type can name, and what its detail is."""

    __slots__ = ("counted", "detail", "kind", "names_enrollment", "names_message", "names_step", "timed")

    def __init__(
        self,
        kind: int,
        timed: bool,  # its time matters
        counted: bool,  # its distinct events are counted or named by others
        names_enrollment: bool,
        names_message: bool,
        names_step: bool,
        detail: Callable[[Any, Names], Detail] | None,
    ) -> None:
        self.kind = kind
        self.timed = timed
        self.counted = counted
        self.names_enrollment = names_enrollment
        self.names_message = names_message
        self.names_step = names_step
        self.detail = detail


def _attributes(data: Any, names: Names) -> Detail:
    return (names.code(data.enrolled_by), names.code(data.company_id), names.code(data.team_id), names.code(data.variant))


def _end_reason(data: Any, _names: Names) -> Detail:
    return 2 * REASON_CODES[data.reason] + (data.message_id is not None)


def _machine(data: Any, _names: Names) -> Detail:
    return 1 if data.machine else 0


def _sentiment(data: Any, _names: Names) -> Detail:
    return _SENTIMENT_CODES[data.sentiment]


def _softness(data: Any, _names: Names) -> Detail:
    return 1 if data.kind == "soft" else 0


def _meeting(data: Any, names: Names) -> Detail:
    trigger = data.triggers_unenroll
    return (_hash(data.meeting_id), names.code(data.organizer), 0 if trigger is None else 1 + trigger)


def _meeting_hash(data: Any, _names: Names) -> Detail:
    return _hash(data.meeting_id)


def _reclassification(data: Any, _names: Names) -> Detail:
    return (1 if data.machine else 0, *sorted({identity_of(target.source, target.id) for target in data.events}))


_SHAPES: Final[dict[str, _Shape]] = {
    #                                      kind            timed  counted  E      message step   detail
    "enrollment.started": _Shape(STARTED, True, False, True, False, False, _attributes),
    "enrollment.scheduled": _Shape(SCHEDULED, True, False, True, False, False, _attributes),
    "enrollment.paused": _Shape(PAUSED, True, False, True, False, False, None),
    "enrollment.resumed": _Shape(RESUMED, True, False, True, False, False, None),
    "enrollment.finished": _Shape(FINISHED, True, True, True, False, False, None),
    "enrollment.unenrolled": _Shape(UNENROLLED, True, True, True, False, False, _end_reason),
    "enrollment.errored": _Shape(ERRORED, True, True, True, False, False, None),
    "step.executed": _Shape(EXECUTED, True, False, True, False, True, None),
    "step.skipped": _Shape(SKIPPED, True, False, True, False, True, None),
    "task.completed": _Shape(TASK_COMPLETED, True, True, True, False, True, None),
    "email.sent": _Shape(SENT, True, False, True, True, True, None),
    "email.delivered": _Shape(DELIVERED, False, False, True, True, True, None),
    "email.deferred": _Shape(DEFERRED, False, False, True, True, True, None),
    "email.dropped": _Shape(DROPPED, False, False, True, True, True, None),
    "email.opened": _Shape(OPENED, True, True, True, True, True, _machine),
    "email.clicked": _Shape(CLICKED, True, True, True, True, True, _machine),
    "email.replied": _Shape(REPLIED, True, True, True, True, True, _sentiment),
    "email.auto_replied": _Shape(AUTO_REPLIED, True, True, True, True, True, _sentiment),
    "email.bounced": _Shape(BOUNCED, True, True, True, True, True, _softness),
    "email.unsubscribed": _Shape(UNSUBSCRIBED, True, True, True, True, True, None),
    "email.complained": _Shape(COMPLAINED, True, True, True, True, True, None),
    "meeting.booked": _Shape(BOOKED, True, True, True, True, True, _meeting),
    "meeting.canceled": _Shape(CANCELED, False, False, False, False, False, _meeting_hash),
    "engagement.reclassified": _Shape(RECLASSIFIED, True, True, False, False, False, _reclassification),
}


_UNTIMED: Final = frozenset(shape.kind for shape in _SHAPES.values() if not shape.timed)


def unite(contact: Contact, event: WireEvent, names: Names, new_row: Callable[[int], int]) -> bool:
    """Take an event into the contact's set of facts; False if that changed nothing (a repetition).

    `new_row` gives an enrollment that is named for the first time its row number, from its sequence's names code.
    """
    shape = _SHAPES[event.type]
    data: Any = event.data
    enrollment = message = NONE
    step = time = identity = 0
    if shape.names_enrollment and (enrollment_id := data.enrollment_id) is not None:
        enrollment = _enrollment(contact, names.code(data.sequence_id), enrollment_id, new_row)
    if shape.names_message and (message_id := data.message_id) is not None:
        message = _message(contact.messages, _hash(message_id))
    if shape.names_step and (step_id := data.step_id) is not None:
        step = names.code(step_id)
    detail = 0 if shape.detail is None else shape.detail(data, names)
    # What names only a message may have to wait for it, and what waits is counted.
    waits = message != NONE and enrollment == NONE
    if shape.timed or waits:
        time = event.time - contact.base
    if shape.counted or waits:
        identity = identity_of(event.source, event.id)
    fact: Fact = (shape.kind, time, identity, enrollment, message, step, detail)
    facts = contact.facts
    if fact in facts or (identity and not _supersede(contact, fact, names)):
        return False
    facts.add(fact)
    if len(facts) > KEPT_ENGAGEMENTS and shape.kind in (OPENED, CLICKED):
        return _keep_earliest(facts, fact)
    return True


def _enrollment(contact: Contact, sequence: int, enrollment_id: str, new_row: Callable[[int], int]) -> int:
    enrollments = contact.enrollments
    position = 0
    for known in enrollments:
        if known.enrollment_id == enrollment_id and known.sequence == sequence:
            return position
        position += 1
    enrollments.append(Enrollment(sequence, enrollment_id, new_row(sequence)))
    return position


def _message(messages: list[int], message: int) -> int:
    if message in messages:
        return messages.index(message)
    messages.append(message)
    return len(messages) - 1


def _supersede(contact: Contact, fact: Fact, names: Names) -> bool:
    """Equal identities are one event. If a producer gave one identity to two contents, the lesser content stays, whichever came first."""
    identity = fact[2]
    for known in contact.facts:
        if known[2] == identity:
            if content_order(contact, known, names) <= content_order(contact, fact, names):
                return False
            contact.facts.remove(known)
            return True
    return True


def _keep_earliest(facts: set[Fact], fact: Fact) -> bool:
    """Keep the 500 earliest of the fact's kind and message, by (time, identity); False if that drops the fact itself."""
    kind, message = fact[0], fact[4]
    rivals = [known for known in facts if known[0] == kind and known[4] == message]
    if len(rivals) <= KEPT_ENGAGEMENTS:
        return True
    latest = max(rivals, key=lambda known: (known[1], known[2]))
    facts.remove(latest)
    return latest is not fact


def content_order(contact: Contact, fact: Fact, names: Names) -> tuple[object, ...]:
    """A total order of facts that is drawn from what they say alone: codes and positions are replaced by what they stand for."""
    kind, time, identity, enrollment, message, step, detail = fact
    sequence_id = enrollment_id = ""
    if enrollment != NONE:
        known = contact.enrollments[enrollment]
        sequence_id, enrollment_id = names.text(known.sequence), known.enrollment_id
    return (
        time + contact.base if identity or kind not in _UNTIMED else 0,
        kind,
        identity,
        sequence_id,
        enrollment_id,
        -1 if message == NONE else contact.messages[message],
        names.text(step),
        spelled_detail(kind, detail, names),
    )


def spelled_detail(kind: int, detail: Detail, names: Names) -> tuple[object, ...]:
    """The detail with its names codes spelled out; comparable within one kind."""
    if not isinstance(detail, tuple):
        return (detail,)
    if kind in (STARTED, SCHEDULED):
        return tuple(names.text(code) for code in detail)
    if kind == BOOKED:
        return (detail[0], names.text(detail[1]), detail[2])
    return detail
