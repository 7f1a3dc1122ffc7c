"""View -> what a contact adds to the tables: its rows, its step cells, and its parts of the counters.

A part is one thing that is true, which adds to several counters at once: an enrollment in a condition, a contact with a set of flags, a
message with a set of facts ... It is an integer, `step << 53 | sequence << 21 | kind << 18 | value`, with names codes for step and
sequence. Sequence 0 is the whole account. A contact has a dozen parts where it has fifty counters, and most of them outlive the next event.

A counter is an integer too, `sequence << 48 | step << 16 | field`; `field` is a position in FIELDS, step 0 the sequence itself.
"""

import struct
from functools import cache
from typing import Final, NamedTuple

from projections import meaning
from projections.codec import SharedMessage
from projections.contact import Contact
from projections.delays import bucket
from projections.enrollment_view import ContactView, EnrollmentView
from projections.meaning import FLAGS, MESSAGE_FACTS, MESSAGE_NUMBERS, OUTCOMES, SENTIMENTS, STATUSES, STEP_FACTS, TOTALS
from projections.tables.layout import ACCOUNT_COUNTERS, COUNTERS, NO_OUTCOME, NO_TIME, STEP_COUNTERS

ROW_PACKER: Final = struct.Struct(f"<IHBBBBBIIIIIqqq{len(TOTALS) + len(MESSAGE_NUMBERS)}H{len(SENTIMENTS)}B")
CELL_PACKER: Final = struct.Struct("<HHBBB")
_LARGEST: Final = 0xFFFF
"""A count in a row or a cell stops here; the counters go on."""
_MOST_REPLIES: Final = 0xFF
"""Replies of one sentiment in a row stop here: two bytes more for each would take rows into the next size that Redis allocates."""
_NO_NUMBERS: Final = (0,) * len(MESSAGE_NUMBERS)

NO_STEP_COUNTERS: Final = tuple(f"no_step:{status}" for status in STATUSES[meaning.FIRST_STARTED :])
FIELDS: Final = (*COUNTERS, *ACCOUNT_COUNTERS, *STEP_COUNTERS, *NO_STEP_COUNTERS)

# Kinds of parts, and where their values begin to mean something else.
_CONDITION: Final = 0  # of an enrollment: flags, outcome, status, and whether it has a step
_CONTACT: Final = 1 << 18  # flags of all its enrollments in the scope, and whether it is one of no_response
_MESSAGE: Final = 2 << 18  # countable facts
_STEP: Final = 3 << 18  # facts
_SENT: Final = 4 << 18  # a message by a step
_TOTAL: Final = 5 << 18  # number, and which of TOTALS
_ODD: Final = 6 << 18  # which of ACCOUNT_COUNTERS
_KIND: Final = 7 << 18
_OUTCOME_SHIFT: Final = 10
_STATUS_SHIFT: Final = 14
_HAS_STEP: Final = 1 << 17
_NOT_STARTED: Final = 15  # in place of an outcome
_NO_RESPONSE: Final = 1 << 10
_ACCOUNT_TOO: Final = 1 << 11  # the same is true of the whole account
_LARGEST_TOTAL: Final = (1 << 13) - 1  # in one part
_SEQUENCE_SHIFT: Final = 21
_STEP_SHIFT: Final = 53

_WAITING: Final = _ODD | ACCOUNT_COUNTERS.index("waiting")
_IMPLICIT_START: Final = _ODD | ACCOUNT_COUNTERS.index("anomaly.implicit_start")
_SECOND_END: Final = _ODD | ACCOUNT_COUNTERS.index("anomaly.second_end")

_OUTCOME_ACTIVE: Final = OUTCOMES.index("active")
_OUTCOME_PAUSED: Final = OUTCOMES.index("paused")
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


_COUNTABLE: Final = [countable(bits) for bits in range(1 << len(MESSAGE_FACTS))]


def _set_bits(bits: int) -> tuple[int, ...]:
    return tuple(bit for bit in range(bits.bit_length()) if bits >> bit & 1)


_NUMERATORS: Final = [_set_bits(counted >> 2) for counted in _COUNTABLE]
"""Facts of a message -> positions in MESSAGE_NUMBERS of those that it counts in."""


def row(contact: Contact, view: EnrollmentView) -> bytes:
    """One record of the rows table."""
    enrolled_by, company, team, variant = view.attributes
    numbers = list(_NO_NUMBERS)
    for bits in view.messages.values():
        for number in _NUMERATORS[bits]:
            numbers[number] += 1
    head = (
        contact.ordinal,
        view.flags,
        view.status,
        view.reason,
        NO_OUTCOME if view.outcome is None else view.outcome,
        0 if view.replied_after is None else bucket(view.replied_after),
        0 if view.met_after is None else bucket(view.met_after),
        view.step,
        enrolled_by,
        team,
        company,
        variant,
        NO_TIME if view.started_at is None else view.started_at,
        NO_TIME if view.ended_at is None else view.ended_at,
        NO_TIME if view.last_engaged_at is None else view.last_engaged_at,
    )
    try:
        return ROW_PACKER.pack(*head, *view.totals, *numbers, *view.sentiments)
    except struct.error:
        counts = [min(count, _LARGEST) for count in (*view.totals, *numbers)]
        return ROW_PACKER.pack(*head, *counts, *[min(count, _MOST_REPLIES) for count in view.sentiments])


def cells(view: EnrollmentView) -> dict[int, int]:
    """step -> its record of the cells table as one number, for the steps that have anything to say.

    From the lowest bits on: facts (16), sent (16), and the buckets of the delays (8 each).
    """
    if not view.started:
        return {}
    found = dict(view.steps)
    for _, step in view.sent_steps:
        if found[step] >> 16 & 0xFFFF < _LARGEST:
            found[step] += 1 << 16
    for key, delay in view.delays.items():
        found[key >> 2] |= bucket(delay) << (32 + 8 * (key & 3))
    return found


def packed_cell(cell: int) -> bytes:
    return CELL_PACKER.pack(cell & 0xFFFF, cell >> 16 & 0xFFFF, cell >> 32 & 0xFF, cell >> 40 & 0xFF, cell >> 48)


def shared_messages(contact: Contact, view: ContactView) -> list[SharedMessage]:
    """Messages that concern several started enrollments, as `layout.SHARED_DOCUMENTATION` draws them; [] as a rule."""
    if len(view.enrollments) < 2:
        return []
    times: dict[int, int] = {}
    for seen in view.enrollments:
        if seen.started:
            for message in seen.messages:
                times[message] = times.get(message, 0) + 1
    if len(times) == sum(times.values()):
        return []
    entries: dict[int, SharedMessage] = {message: [] for message in sorted(times) if times[message] > 1}
    for enrollment, seen in zip(contact.enrollments, view.enrollments, strict=True):
        for message, bits in seen.messages.items():
            if seen.started and message in entries:
                steps = sorted([step for sent, step in seen.sent_steps if sent == message])
                entries[message].append((enrollment.sequence, enrollment.row, bits, steps))
    return list(entries.values())


def parts(contact: Contact, view: ContactView) -> list[int]:
    """The parts of a contact; one that is true several times is there several times."""
    found = [_WAITING] * view.waiting if view.waiting else []
    by_sequence: dict[int, list[EnrollmentView]] = {}
    position = 0
    for seen in view.enrollments:
        sequence: int = contact.enrollments[position].sequence
        position += 1
        if seen.second_ends:
            found += [_SECOND_END] * seen.second_ends
        if seen.outcome is None:
            found.append(sequence << _SEQUENCE_SHIFT | seen.status << _STATUS_SHIFT | _NOT_STARTED << _OUTCOME_SHIFT)
            continue
        if sequence in by_sequence:
            by_sequence[sequence].append(seen)
        else:
            by_sequence[sequence] = [seen]
        _add_enrollment(found, sequence << _SEQUENCE_SHIFT, seen)
    everywhere = _ACCOUNT_TOO if len(by_sequence) == 1 else 0
    for sequence, views in by_sequence.items():
        scope = sequence << _SEQUENCE_SHIFT
        _add_distinct(found, scope | everywhere, views)
        for step, facts in _united([seen.steps for seen in views]).items():
            if not facts & meaning.STEP_EXECUTED:
                facts &= meaning.STEP_SKIPPED  # the rates of a step count contacts that executed it
            found.append(step << _STEP_SHIFT | scope | _STEP | facts)
        sent_steps = views[0].sent_steps if len(views) == 1 else set().union(*[seen.sent_steps for seen in views])
        for _, step in sent_steps:
            found.append(step << _STEP_SHIFT | scope | _SENT)
    if len(by_sequence) > 1:
        _add_distinct(found, 0, [seen for seen in view.enrollments if seen.started])
    return found


def _add_enrollment(found: list[int], scope: int, seen: EnrollmentView) -> None:
    """What is counted for each started enrollment by itself."""
    assert seen.outcome is not None
    condition = scope | seen.status << _STATUS_SHIFT | seen.outcome << _OUTCOME_SHIFT | seen.flags
    found.append(seen.step << _STEP_SHIFT | condition | _HAS_STEP if seen.step else condition)
    if seen.implicit_start:
        found.append(_IMPLICIT_START)
    total = scope | _TOTAL
    for number in seen.totals:
        while number > _LARGEST_TOTAL:
            found.append(total | _LARGEST_TOTAL << 5)
            number -= _LARGEST_TOTAL
        if number:
            found.append(total | number << 5)
        total += 1


def _add_distinct(found: list[int], scope: int, views: list[EnrollmentView]) -> None:
    """What counts once for a contact, or once for a message, however many of these enrollments it is true of."""
    flags = 0
    live = no_response = False
    for seen in views:
        flags |= seen.flags
        if seen.outcome == _OUTCOME_NO_RESPONSE:
            no_response = True
        elif seen.outcome == _OUTCOME_ACTIVE or seen.outcome == _OUTCOME_PAUSED:
            live = True
    if no_response and not live and not flags & _BARS_NO_RESPONSE:
        flags |= _NO_RESPONSE
    found.append(scope | _CONTACT | flags)
    for bits in _united([seen.messages for seen in views]).values():
        counted = _COUNTABLE[bits]
        if counted:
            found.append(scope | _MESSAGE | counted)


def _united(bits_of_each: list[dict[int, int]]) -> dict[int, int]:
    """key -> the bits that it has in any of these."""
    if len(bits_of_each) == 1:
        return bits_of_each[0]
    united: dict[int, int] = {}
    for each in bits_of_each:
        for key, bits in each.items():
            united[key] = united.get(key, 0) | bits
    return united


class _Fields(NamedTuple):
    """What a part adds to: fields of its scope, fields of its step there, and how much to each."""

    scope: tuple[int, ...]
    step: tuple[int, ...]
    number: int


_STATUS_FIELD: Final = COUNTERS.index("status.orphan")
_OUTCOME_FIELD: Final = COUNTERS.index("outcome.active")
_TOTAL_FIELD: Final = COUNTERS.index(f"total.{TOTALS[0]}")
_FIRST_ODD: Final = len(COUNTERS)
_FIRST_OF_STEP: Final = len(COUNTERS) + len(ACCOUNT_COUNTERS)


def _positions(prefix: str, names: tuple[str, ...], bits: int) -> tuple[int, ...]:
    return tuple(FIELDS.index(f"{prefix}{names[bit]}") for bit in _set_bits(bits))


def _flag_positions(prefix: str, flags: int) -> tuple[int, ...]:
    engaged = bool(flags & meaning.ENGAGED) | bool(flags & meaning.ENGAGED_ANY) << 1
    return _positions(prefix, FLAGS, flags) + _positions(prefix, ("engaged", "engaged_any"), engaged)


@cache
def _fields(kind: int, value: int) -> _Fields:
    if kind == _CONDITION:
        status, outcome = value >> _STATUS_SHIFT & 7, value >> _OUTCOME_SHIFT & 15
        if outcome == _NOT_STARTED:
            return _Fields((_STATUS_FIELD + status,), (), 1)
        started = status - meaning.FIRST_STARTED
        in_step = _FIRST_OF_STEP + (started if value & _HAS_STEP else len(STEP_COUNTERS) + started)
        flags = _flag_positions("enrollments.", value & (1 << len(FLAGS)) - 1)
        return _Fields((_STATUS_FIELD + status, _OUTCOME_FIELD + outcome, *flags), (in_step,), 1)
    if kind == _CONTACT:
        flags = _flag_positions("contacts.", value & (1 << len(FLAGS)) - 1)
        names = ("all", "no_response") if value & _NO_RESPONSE else ("all",)
        return _Fields(tuple(COUNTERS.index(f"contacts.{name}") for name in names) + flags, (), 1)
    if kind == _MESSAGE:
        return _Fields(_positions("messages.", MESSAGE_FACTS, value & (1 << len(MESSAGE_FACTS)) - 1), (), 1)
    if kind == _STEP:
        return _Fields((), tuple(_FIRST_OF_STEP + STEP_COUNTERS.index(f"contacts.{STEP_FACTS[bit]}") for bit in _set_bits(value)), 1)
    if kind == _SENT:
        return _Fields((), (_FIRST_OF_STEP + STEP_COUNTERS.index("sent"),), 1)
    if kind == _TOTAL:
        return _Fields((_TOTAL_FIELD + (value & 31),), (), value >> 5)
    assert kind == _ODD
    return _Fields((_FIRST_ODD + value,), (), 1)


def spread(part: int, times: int, added: dict[int, int]) -> None:
    """Add a part to the counters that it adds to, so many times."""
    kind, value = part & _KIND, part & (1 << 18) - 1
    scope_fields, step_fields, number = _fields(kind, value)
    number *= times
    scope = (part >> _SEQUENCE_SHIFT & 0xFFFFFFFF) << 48
    for field in scope_fields:
        added[scope | field] = added.get(scope | field, 0) + number
    if value & _ACCOUNT_TOO and kind in (_CONTACT, _MESSAGE):
        for field in scope_fields:
            added[field] = added.get(field, 0) + number
    scope |= part >> _STEP_SHIFT << 16
    for field in step_fields:
        added[scope | field] = added.get(scope | field, 0) + number


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


def counters(contact: Contact, view: ContactView) -> dict[int, int]:
    """Counter -> what this contact adds to it. What is additive stands under its sequence alone; `account_wide` adds it up for the
    account."""
    added: dict[int, int] = {}
    for part in parts(contact, view):
        spread(part, 1, added)
    return added
