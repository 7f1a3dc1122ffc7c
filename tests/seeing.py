"""What the product's view says of every enrollment in a store, in the words of the oracle's `statuses` and `oddities`."""

from typing import Any

from events.rfc3339 import format_time
from projections import codec, meaning
from projections.enrollment_view import ContactView, EnrollmentView
from projections.facts import Contact
from projections.names import Names
from projections.tables.layout import shard_prefix
from projections.tables.memory import MemoryStore
from projections.view import view
from tests.folding import PARTITIONS


def contacts_in(store: MemoryStore, account: str, partitions: int = PARTITIONS) -> list[tuple[str, Contact, Names, ContactView]]:
    """Every contact with its view."""
    found = []
    for partition in range(partitions):
        prefix = shard_prefix(1, 0)
        names = Names(text.decode() for text in store.lists.get(f"{prefix}names:{partition}:{account}", []))
        for contact_id, packed in store.hashes.get(f"{prefix}contacts:{partition}:{account}", {}).items():
            contact = codec.decode(packed)
            found.append((contact_id.decode(), contact, names, view(contact, names)))
    return sorted(found, key=lambda entry: entry[0])


def statuses(store: MemoryStore, account: str = "default") -> list[dict[str, Any]]:
    return sorted(
        (
            _status(contact_id, names.text(known.sequence), known.enrollment_id, names, seen)
            for contact_id, contact, names, views in contacts_in(store, account)
            for known, seen in zip(contact.enrollments, views.enrollments, strict=True)
        ),
        key=lambda status: (status["contact_id"], status["sequence_id"], status["enrollment_id"]),
    )


def oddities(store: MemoryStore, account: str = "default") -> dict[str, int]:
    found = contacts_in(store, account)
    everyone = [seen for *_, views in found for seen in views.enrollments]
    return {
        "waiting": sum(views.waiting for *_, views in found),
        "implicit_starts": sum(seen.implicit_start for seen in everyone),
        "second_ends": sum(seen.second_ends for seen in everyone),
        "orphans": sum(seen.status == meaning.ORPHAN for seen in everyone),
    }


def _status(contact_id: str, sequence_id: str, enrollment_id: str, names: Names, seen: EnrollmentView) -> dict[str, Any]:
    flags = {name: bool(seen.flags >> bit & 1) for bit, name in enumerate(meaning.FLAGS)}
    attributes = dict(
        zip(("enrolled_by", "company_id", "team_id", "variant"), (names.text(code) or None for code in seen.attributes), strict=True)
    )
    return {
        "enrollment_id": enrollment_id,
        "contact_id": contact_id,
        "sequence_id": sequence_id,
        "status": meaning.STATUSES[seen.status],
        "reason": meaning.REASONS[seen.reason] or None,
        "outcome": None if seen.outcome is None else meaning.OUTCOMES[seen.outcome],
        "started_at": _time(seen.started_at),
        "ended_at": _time(seen.ended_at),
        **attributes,
        **flags,
        "current_step": names.text(seen.step) or None,
        "last_engaged_at": _time(seen.last_engaged_at),
        "totals": dict(zip(meaning.TOTALS, seen.totals, strict=True)),
        "second_ends": seen.second_ends,
        "implicit_start": seen.implicit_start,
    }


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_time(instant)
