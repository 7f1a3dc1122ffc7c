"""Finding an enrollment by its id alone, for which no table is an index: the states of the contacts are read through."""

from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from projections import codec
from projections.tables.parts import ContactIds, ContactState, ContactStates, NewNames
from projections.tables.reader import Reader
from projections.tables.reading import Reading

_AT_ONCE: Final = 5_000
"""Contacts whose states are read in one go."""


class Found(NamedTuple):
    """An enrollment as it is known; ids of enrollments are unique within contact and sequence only."""

    contact_id: str
    sequence_id: str
    enrollment_id: str
    partition: int


def find_enrollments(
    reader: Reader,
    account: str,
    enrollment_id: str,
    *,
    contact_id: str | None = None,
    sequence_id: str | None = None,
    on_progress: Callable[[int, int], None] = lambda _read, _total: None,
) -> tuple[list[Found], Reading]:
    """The enrollments with this id, by contact and sequence, and the last reading. With a contact nothing else is read.

    `on_progress` hears how many contacts are read, and of how many. Raises `StoreError`.
    """
    known = ContactIds(())
    reading = reader.read(account, *([] if contact_id is not None else [known]))
    if contact_id is not None:
        partition = ContactState(contact_id).partition(reading.keys)
        contacts = [(partition, contact_id)]
    else:
        contacts = [(partition, one) for partition, ids in enumerate(reading[known]) for one in ids]
    found: list[Found] = []
    coming, done = iter(contacts), 0
    while some := tuple(islice(coming, _AT_ONCE)):
        states, names = ContactStates(some), NewNames(())
        reading = reader.read(account, states, names)
        texts = reading[names]
        for (partition, contact), packed in reading[states].items():
            for one in () if packed is None else codec.decode(packed).enrollments:
                of = texts[partition][one.sequence - 1]
                if one.enrollment_id == enrollment_id and sequence_id in (None, of):
                    found.append(Found(contact, of, enrollment_id, partition))
        done += len(some)
        on_progress(done, len(contacts))
    return sorted(found), reading
