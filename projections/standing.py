"""How single enrollments stand: what has to be known before one of them is paused, resumed or ended."""

from collections.abc import Collection
from typing import NamedTuple

from projections import codec
from projections.contact import Contact
from projections.facts import PAUSED, RESUMED
from projections.meaning import REASONS, STATUSES
from projections.tables.parts import ContactState
from projections.tables.reader import Reader


class EnrollmentKey(NamedTuple):
    """By which an enrollment is known."""

    contact_id: str
    sequence_id: str
    enrollment_id: str


class Standing(NamedTuple):
    """What is true of an enrollment now."""

    status: str
    reason: str | None
    """Why it was unenrolled."""
    switched_at: int
    """When it was last paused or resumed, in ms since 1970 UTC; 0: never. What is to count has to be later."""


def standings(reader: Reader, account: str, keys: Collection[EnrollmentKey]) -> dict[EnrollmentKey, Standing]:
    """Those of the enrollments that exist, as of one instant. Raises `StoreError`."""
    states = {key.contact_id: ContactState(key.contact_id) for key in keys}
    snapshot = reader.rows(account, *states.values())
    rows, names = snapshot.table.rows(), snapshot.table.names
    status, reason = rows.column("status"), rows.column("reason")
    found: dict[EnrollmentKey, Standing] = {}
    wanted = set(keys)
    for contact_id, state in states.items():
        packed = snapshot.reading[state]
        if packed is None:
            continue
        contact, partition = codec.decode(packed), state.partition(snapshot.reading.keys)
        switched = _switched(contact)
        for number, one in enumerate(contact.enrollments):
            key = EnrollmentKey(contact_id, names.within(partition, one.sequence), one.enrollment_id)
            position = rows.position(partition, key.sequence_id, one.row) if key in wanted else None
            if position is not None:
                found[key] = Standing(STATUSES[status[position]], REASONS[reason[position]] or None, switched.get(number, 0))
    return found


def _switched(contact: Contact) -> dict[int, int]:
    """Enrollment, by its place in the contact -> the latest time at which it was paused or resumed."""
    latest: dict[int, int] = {}
    for kind, time, _, enrollment, *_ in contact.facts:
        if kind in (PAUSED, RESUMED):
            latest[enrollment] = max(latest.get(enrollment, 0), time + contact.base)
    return latest
