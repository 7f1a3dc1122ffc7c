"""The events of one contact, read in the log.

A log has to be read through to find them. Who looks at a contact looks again and again, and mostly little has come since: what was found of
the last contacts is kept, with up to where the log was read.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import Final

from events.log.port import Log
from events.refusal import Refusal
from events.topics import CONTACT_KEYED, record_key
from events.wire import WireEvent, decode

_KEPT: Final = 64
"""Contacts."""
_AGE: Final = 600.0
"""Seconds after which everything is read anew: compaction takes out what it may not keep, as of somebody who was erased."""
_STRETCH: Final = 100_000
"""Offsets that are looked at in one go: what was found until then stays found, even if the log goes away."""


class _Known:
    """What the log has of one contact, as far as it was read."""

    def __init__(self, log: Log, key: bytes, partition: int, since: float) -> None:
        self.lock = Lock()
        self.since = since
        self._log = log
        self._key = key
        self._partition = partition
        self._upto: dict[str, int] = {}
        """Topic -> the offset from which on it was not read."""
        self._found: dict[str, list[tuple[int, WireEvent]]] = {topic: [] for topic in CONTACT_KEYED}
        """Topic -> its events, with their offsets."""

    def is_of(self, log: Log, partition: int) -> bool:
        """Whether it was read there."""
        return log is self._log and partition == self._partition

    def is_beyond(self, ends: Mapping[str, int]) -> bool:
        """Whether it has more of the log than there is, so that it must have been another log. Raises `LogError`."""
        ahead = [topic for topic, upto in self._upto.items() if ends.get(topic, 0) < upto]
        return any(self._log.end(topic, self._partition) < self._upto[topic] for topic in ahead)

    def read_on(self, topic: str, end: int) -> None:
        """Raises `LogError`."""
        start = self._upto.get(topic)
        if start is None:
            start = self._log.begin(topic, self._partition)
        while start < end:
            stop = min(start + _STRETCH, end)
            for record in self._log.read_key(topic, self._partition, self._key, start, stop):
                if record.value is None:  # a tombstone is no event
                    continue
                try:
                    event = decode(topic, record.key, record.value, record.headers, record.timestamp)
                except Refusal:
                    continue  # it is in quarantine
                self._found[topic].append((record.offset, event))
            start = self._upto[topic] = stop

    def events(self, ends: Mapping[str, int]) -> list[WireEvent]:
        """In order of time, then source, then id; each identity once, as it came first."""
        first: dict[tuple[str, str], WireEvent] = {}
        for topic, found in self._found.items():
            for offset, event in found:
                if offset < ends.get(topic, 0):
                    first.setdefault((event.source, event.id), event)
        return sorted(first.values(), key=lambda event: (event.time, event.source, event.id))


class ContactEvents:
    """Reads the events of contacts. May be used by several threads. `clock` in seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def of(self, log: Log, account: str, contact_id: str, partition: int, ends: Mapping[str, int]) -> list[WireEvent]:
        """All events of a contact before the offsets `ends` (topic -> offset) of its partition, in order of time, then source, then id.

        Each identity is there once, as it came first; what was refused is not. Raises `LogError` if the log cannot be read.
        """
        known = self._place(log, account, contact_id, partition)
        with known.lock:
            if known.is_beyond(ends):
                self._forget(account, contact_id)
                return self.of(log, account, contact_id, partition, ends)
            for topic in CONTACT_KEYED:
                known.read_on(topic, ends.get(topic, 0))
            return known.events(ends)

    def _place(self, log: Log, account: str, contact_id: str, partition: int) -> _Known:
        now = self._clock()
        with self._lock:
            known = self._known.get((account, contact_id))
            if known is None or now - known.since > _AGE or not known.is_of(log, partition):
                known = self._known[account, contact_id] = _Known(log, record_key(account, contact_id), partition, now)
            self._known.move_to_end((account, contact_id))
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
            return known

    def _forget(self, account: str, contact_id: str) -> None:
        with self._lock:
            self._known.pop((account, contact_id), None)
