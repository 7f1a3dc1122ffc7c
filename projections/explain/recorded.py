"""The events of some contacts with their places in the log."""

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from events.log.port import Log
from events.log.reading import records
from events.log.record import Record
from events.refusal import Refusal
from events.topics import CONTACT, CONTACT_KEYED, record_key
from events.wire import WireEvent, decode

_TOPICS: Final = tuple(topic for topic in CONTACT_KEYED if topic != CONTACT)
"""A profile is no part of the numbers."""


class Recorded(NamedTuple):
    """An event, and the record that says it."""

    event: WireEvent
    topic: str
    partition: int
    offset: int
    repeats: bool
    """Whether an earlier record has said it already."""


Ends = Mapping[int, Mapping[str, int]]
"""partition -> topic -> the offset where reading stops."""


def recorded_events(
    log: Log, account: str, contacts: Mapping[int, Collection[str]], ends: Ends, on_progress: Callable[[int, int], None]
) -> dict[str, list[Recorded]]:
    """The events of contacts, given by partition, in order of time, then source, then id; the partitions are read once.

    What was refused is not among them. `on_progress` hears how many offsets are read, and of how many. Raises `LogError`.
    """
    found: dict[str, list[Recorded]] = {contact: [] for some in contacts.values() for contact in some}
    total = sum(ends[partition].get(topic, 0) for partition in contacts for topic in _TOPICS)
    done = 0
    for partition, some in contacts.items():
        wanted: dict[bytes | None, str] = {record_key(account, contact): contact for contact in some}
        for topic in _TOPICS:
            end = ends[partition].get(topic, 0)

            def note(read: int, before: int = done) -> None:
                on_progress(before + read, total)

            for record in records(log, topic, partition, 0, end, on_read=note):
                contact = wanted.get(record.key)
                if contact is not None and (event := _event(record)) is not None:
                    found[contact].append(Recorded(event, topic, partition, record.offset, repeats=False))
            done += end
    return {contact: _in_order(events) for contact, events in found.items()}


def _event(record: Record) -> WireEvent | None:
    try:
        return decode(record.topic, record.key, record.value, record.headers, record.timestamp)
    except Refusal:
        return None  # it is in quarantine


def _in_order(events: list[Recorded]) -> list[Recorded]:
    events.sort(key=lambda one: (one.event.time, one.event.source, one.event.id, one.topic, one.offset))
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(events):
        identity = (one.event.source, one.event.id)
        if identity in seen:
            events[number] = one._replace(repeats=True)
        seen.add(identity)
    return events
