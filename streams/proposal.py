"""What a dead letter is sent as: its original bytes, or a corrected event, judged as a publisher judges."""

from collections.abc import Callable
from typing import Final, NamedTuple

from events.catalog.contact import ContactErased
from events.judgement import judge
from events.log.record import NewRecord
from events.publisher import now
from events.quarantine.dead_letter import DeadLetter
from events.quarantine.dead_letters import Letter
from events.refusal import Refusal

REDRIVEN: Final = "tally-redriven"
"""The header of a record that was sent once more: the identity of its letter."""


class Proposal(NamedTuple):
    """A letter with the records that would be written for it: the one that carries the header first."""

    letter: Letter
    key: bytes | None
    """Of the letter, and so of its marks."""
    records: tuple[NewRecord, ...]


def propose(
    letter: Letter, whole: DeadLetter, corrected: bytes | None = None, *, force: bool = False, clock: Callable[[], int] = now
) -> Proposal:
    """The original bytes, key and headers for the original topic, or a corrected event for the topic and with the key of the event.

    Raises `Refusal` for what would be refused again; with `force` the original goes out all the same.
    """
    header = (REDRIVEN, letter.id.encode())
    if corrected is not None:
        event = judge(corrected, stamped_at=clock())
        record = NewRecord(event.topic, event.key, corrected, (header,))
        return Proposal(letter, whole.key, _with_tombstone(record, event.type))
    record = NewRecord(whole.topic, whole.key, whole.value, (*whole.headers, header))
    try:
        event = judge(whole.value, whole.headers, topic=whole.topic, key=whole.key, stamped_at=clock())
    except Refusal:
        if not force:
            raise
        return Proposal(letter, whole.key, (record,))
    return Proposal(letter, whole.key, _with_tombstone(record, event.type))


def _with_tombstone(record: NewRecord, type_: str) -> tuple[NewRecord, ...]:
    """As a publisher does it after an erasure."""
    return (record, NewRecord(record.topic, record.key, None)) if type_ == ContactErased.type else (record,)
