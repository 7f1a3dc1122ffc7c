"""The events of one contact, read in the log."""

from collections.abc import Mapping

from events.log.port import Log
from events.refusal import Refusal
from events.topics import CONTACT_KEYED, record_key
from events.wire import WireEvent, decode


def contact_events(log: Log, account: str, contact_id: str, partition: int, ends: Mapping[str, int]) -> list[WireEvent]:
    """All events of a contact before the offsets `ends` (topic -> offset) of its partition, in order of time, then source, then id.

    Each identity is there once, as it came first; what was refused is not. Raises `LogError` if the log cannot be read.
    """
    key = record_key(account, contact_id)
    found: dict[tuple[str, str], WireEvent] = {}
    for topic in CONTACT_KEYED:
        for record in log.read_key(topic, partition, key, log.begin(topic, partition), ends.get(topic, 0)):
            if record.value is None:  # a tombstone is no event
                continue
            try:
                event = decode(topic, record.key, record.value, record.headers, record.timestamp)
            except Refusal:
                continue  # it is in quarantine
            found.setdefault((event.source, event.id), event)
    return sorted(found.values(), key=lambda event: (event.time, event.source, event.id))
