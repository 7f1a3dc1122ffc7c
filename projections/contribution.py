"""View -> what a contact adds to the tables: its rows, its step cells, and its share of every counter.

Counters only ever move by `difference(old, new)`. A counter key is one integer, `sequence << 48 | step << 16 | field`, with names codes
for sequence and step; sequence 0 is the whole account, step 0 the sequence itself. `field` is a position in FIELDS.
"""

import struct
from typing import Final

from projections import meaning
from projections.codec import SharedMessage
from projections.facts import Contact
from projections.meaning import FLAGS, MESSAGE_FACTS, MESSAGE_NUMBERS, OUTCOMES, STATUSES, STEP_FACTS, TOTALS
from projections.tables.layout import ACCOUNT_COUNTERS, COUNTERS, NO_OUTCOME, NO_TIME, STEP_COUNTERS
from projections.view import ContactView, EnrollmentView

ROW_PACKER: Final = struct.Struct(f"<IHBBBxIIIIIqq{len(TOTALS) + len(MESSAGE_NUMBERS)}H")
CELL_PACKER: Final = struct.Struct("<HH")
_LARGEST: Final = 0xFFFF
"""A count in a row stops here; the counters go on."""

NO_STEP_COUNTERS: Final = tuple(f"no_step:{status}" for status in STATUSES[meaning.FIRST_STARTED :])
FIELDS: Final = (*COUNTERS, *ACCOUNT_COUNTERS, *STEP_COUNTERS, *NO_STEP_COUNTERS)

_ACCOUNT: Final = 0
"""Scope of the keys that count over the whole account."""
_STATUS: Final = COUNTERS.index("status.orphan")
_OUTCOME: Final = COUNTERS.index("outcome.active")
_TOTAL: Final = COUNTERS.index(f"total.{TOTALS[0]}")
_CONTACTS: Final = COUNTERS.index("contacts.all")
_NO_RESPONSE_CONTACTS: Final = COUNTERS.index("contacts.no_response")
_WAITING: Final = FIELDS.index("waiting")
_IMPLICIT_START: Final = FIELDS.index("anomaly.implicit_start")
_SECOND_END: Final = FIELDS.index("anomaly.second_end")
_STEP_STATUS: Final = len(COUNTERS) + len(ACCOUNT_COUNTERS)
_STEP_SENT: Final = _STEP_STATUS + STEP_COUNTERS.index("sent")
_NO_STEP: Final = _STEP_STATUS + len(STEP_COUNTERS)

_ENGAGED_BIT: Final = 1 << len(FLAGS)
_ENGAGED_ANY_BIT: Final = 1 << len(FLAGS) + 1


def _positions(prefix: str, parts: tuple[str, ...], fields: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(fields.index(f"{prefix}{part}") for part in parts)


def _by_bits(positions: tuple[int, ...]) -> list[tuple[int, ...]]:
    """For every combination of bits the positions of those that are set, so that reading a bit mask is one look-up."""
    return [tuple(position for bit, position in enumerate(positions) if bits >> bit & 1) for bits in range(1 << len(positions))]


_WITH_ENGAGED: Final = (*FLAGS, "engaged", "engaged_any")
_ENROLLMENT_FLAGS: Final = _by_bits(_positions("enrollments.", _WITH_ENGAGED, COUNTERS))
_CONTACT_FLAGS: Final = _by_bits(_positions("contacts.", _WITH_ENGAGED, COUNTERS))
_MESSAGE_FIELDS: Final = _by_bits(_positions("messages.", MESSAGE_FACTS, COUNTERS))
_STEP_FIELDS: Final = _by_bits(tuple(_STEP_STATUS + STEP_COUNTERS.index(f"contacts.{name}") for name in STEP_FACTS))
_MESSAGE_NUMERATORS: Final = [
    tuple(bit for bit in range(len(MESSAGE_NUMBERS)) if numerator >> bit & 1) for numerator in range(1 << len(MESSAGE_NUMBERS))
]

_OUTCOME_ACTIVE, _OUTCOME_PAUSED = OUTCOMES.index("active"), OUTCOMES.index("paused")
_OUTCOME_NO_RESPONSE: Final = OUTCOMES.index("no_response")
_BARS_NO_RESPONSE: Final = meaning.REPLIED | meaning.MET


def countable(message: int) -> int:
    """The bits of a message as basis messages counts them: `bounced` only of a sent message, every other numerator only of a delivered
    one."""
    counted = message & (meaning.MESSAGE_SENT | meaning.MESSAGE_DELIVERED)
    if message & meaning.MESSAGE_DELIVERED:
        counted |= message & ~meaning.MESSAGE_BOUNCED
    if message & meaning.MESSAGE_SENT:
        counted |= message & meaning.MESSAGE_BOUNCED
    return counted


def with_engaged(flags: int) -> int:
    """The flags with the two that follow from them as the bits above."""
    if flags & meaning.ENGAGED_ANY:
        flags |= _ENGAGED_ANY_BIT
        if flags & meaning.ENGAGED:
            flags |= _ENGAGED_BIT
    return flags


def row(contact: Contact, view: EnrollmentView) -> bytes:
    """One record of the rows table."""
    if view.started_at is None:
        return ROW_PACKER.pack(contact.ordinal, 0, view.status, view.reason, NO_OUTCOME, 0, *_codes(view), NO_TIME, NO_TIME, *(0,) * 26)
    numbers = [0] * len(MESSAGE_NUMBERS)
    for bits in view.messages.values():
        for number in _MESSAGE_NUMERATORS[countable(bits) >> 2]:
            numbers[number] += 1
    counts = (*view.totals, *numbers)
    if max(counts) > _LARGEST:
        counts = tuple(min(count, _LARGEST) for count in counts)
    return ROW_PACKER.pack(
        contact.ordinal,
        view.flags,
        view.status,
        view.reason,
        NO_OUTCOME if view.outcome is None else view.outcome,
        view.step,
        *_codes(view),
        view.started_at,
        NO_TIME if view.last_engaged_at is None else view.last_engaged_at,
        *counts,
    )


def _codes(view: EnrollmentView) -> tuple[int, int, int, int]:
    enrolled_by, company, team, variant = view.attributes
    return enrolled_by, team, company, variant


def cells(view: EnrollmentView) -> dict[int, bytes]:
    """step -> its record of the cells table, for the steps that have anything to say."""
    if not view.started:
        return {}
    sent: dict[int, int] = {}
    for _, step in view.sent_steps:
        sent[step] = sent.get(step, 0) + 1
    return {step: CELL_PACKER.pack(facts, min(sent.get(step, 0), _LARGEST)) for step, facts in view.steps.items()}


def shared_messages(contact: Contact, view: ContactView) -> list[SharedMessage]:
    """Messages that concern several started enrollments, as `layout.SHARED_DOCUMENTATION` draws them; [] as a rule."""
    if len(view.enrollments) < 2:
        return []
    entries: dict[int, SharedMessage] = {}
    for enrollment, seen in zip(contact.enrollments, view.enrollments, strict=True):
        if not seen.started:
            continue
        for message, bits in seen.messages.items():
            entries.setdefault(message, []).append(
                (enrollment.sequence, enrollment.row, bits, [step for sent, step in sorted(seen.sent_steps) if sent == message])
            )
    return [entries[message] for message in sorted(entries) if len(entries[message]) > 1]


def counters(contact: Contact, view: ContactView) -> dict[int, int]:
    """Counter key -> what this contact adds to it. What is additive stands under its sequence alone; `account_wide` adds it up for the
    account."""
    added: dict[int, int] = {}
    if view.waiting:
        added[_WAITING] = view.waiting
    by_sequence: dict[int, list[EnrollmentView]] = {}
    for enrollment, seen in zip(contact.enrollments, view.enrollments, strict=True):
        scope = enrollment.sequence << 48
        key = scope | _STATUS + seen.status
        added[key] = added.get(key, 0) + 1
        if seen.second_ends:
            added[_SECOND_END] = added.get(_SECOND_END, 0) + seen.second_ends
        if seen.outcome is None:
            continue
        if seen.implicit_start:
            added[_IMPLICIT_START] = added.get(_IMPLICIT_START, 0) + 1
        by_sequence.setdefault(enrollment.sequence, []).append(seen)
        key = scope | _OUTCOME + seen.outcome
        added[key] = added.get(key, 0) + 1
        for field in _ENROLLMENT_FLAGS[with_engaged(seen.flags)]:
            key = scope | field
            added[key] = added.get(key, 0) + 1
        field = scope | _TOTAL
        for total in seen.totals:
            if total:
                added[field] = added.get(field, 0) + total
            field += 1
        status = seen.status - meaning.FIRST_STARTED
        key = scope | seen.step << 16 | _STEP_STATUS + status if seen.step else scope | _NO_STEP + status
        added[key] = added.get(key, 0) + 1
    for sequence, views in by_sequence.items():
        scope = sequence << 48
        _distinct(added, (scope, _ACCOUNT) if len(by_sequence) == 1 else (scope,), views)
        steps, sent_steps = views[0].steps, views[0].sent_steps
        if len(views) > 1:
            steps = {}
            sent_steps = set().union(*(seen.sent_steps for seen in views))
            for seen in views:
                for step, facts in seen.steps.items():
                    steps[step] = steps.get(step, 0) | facts
        for _, step in sent_steps:
            key = scope | step << 16 | _STEP_SENT
            added[key] = added.get(key, 0) + 1
        for step, facts in steps.items():
            if not facts & meaning.STEP_EXECUTED:
                facts &= meaning.STEP_SKIPPED  # the rates of a step count contacts that executed it
            key = scope | step << 16
            for field in _STEP_FIELDS[facts]:
                added[key | field] = 1
    if len(by_sequence) > 1:
        _distinct(added, (_ACCOUNT,), [seen for views in by_sequence.values() for seen in views])
    return added


def _distinct(added: dict[int, int], scopes: tuple[int, ...], views: list[EnrollmentView]) -> None:
    """What counts once for a contact, or once for a message, however many of these enrollments it is true of; the same in each scope."""
    flags = 0
    live = no_response = False
    for seen in views:
        flags |= seen.flags
        if seen.outcome == _OUTCOME_NO_RESPONSE:
            no_response = True
        elif seen.outcome == _OUTCOME_ACTIVE or seen.outcome == _OUTCOME_PAUSED:
            live = True
    contact_fields = [_CONTACTS, *_CONTACT_FLAGS[with_engaged(flags)]]
    if no_response and not live and not flags & _BARS_NO_RESPONSE:
        contact_fields.append(_NO_RESPONSE_CONTACTS)
    messages = views[0].messages
    if len(views) > 1:
        messages = {}
        for seen in views:
            for message, bits in seen.messages.items():
                messages[message] = messages.get(message, 0) | bits
    for scope in scopes:
        for field in contact_fields:
            added[scope | field] = 1
        for bits in messages.values():
            for field in _MESSAGE_FIELDS[countable(bits)]:
                key = scope | field
                added[key] = added.get(key, 0) + 1


ADDITIVE: Final = frozenset(FIELDS.index(name) for name in COUNTERS if name.startswith(("status.", "outcome.", "enrollments.", "total.")))
"""Fields whose account-wide value is the sum over the sequences."""


def account_wide(changes: dict[int, int]) -> dict[int, int]:
    """The changes of the additive fields, summed over the sequences, under the keys of the account."""
    summed: dict[int, int] = {}
    for key, change in changes.items():
        field = key & 0xFFFF
        if key >> 16 & 0xFFFFFFFF == 0 and field in ADDITIVE:
            summed[field] = summed.get(field, 0) + change
    return summed


def difference(old: dict[int, int], new: dict[int, int]) -> list[tuple[int, int]]:
    """What has to be added to which counter to get from one contribution to the other."""
    changes = [(key, change) for key, number in new.items() if (change := number - old.get(key, 0))]
    changes += [(key, -number) for key, number in old.items() if key not in new]
    return changes
