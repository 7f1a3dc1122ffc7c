"""What the records between two positions of a partition are about."""

from collections.abc import Mapping
from typing import Any

from events.refusal import Refusal
from events.topics import CONTACT_KEYED, DASHBOARD, SOURCE_TOPICS
from events.wire import decode
from streams.positions import Lane
from streams.stretch import Stretches


class Touched:
    """Contacts, and sequences and dashboards by their definitions, each as (account, id), named from `starts` (topic -> offset) on."""

    def __init__(self, stretches: Stretches, partition: int, starts: Mapping[str, int]) -> None:
        self.contacts: set[tuple[str, str]] = set()
        self.described: set[tuple[str, str]] = set()
        self._stretches = stretches
        self._partition = partition
        self._at = dict(starts)

    def advance(self, ends: Mapping[str, int]) -> None:
        """Read on to these offsets. Raises `LogError`, `HoleInLog`."""
        for topic in SOURCE_TOPICS:
            start, end = self._at[topic], ends[topic]
            for records in self._stretches.read(Lane(topic, self._partition), start, end):
                for record in records:
                    if topic == DASHBOARD:
                        try:
                            event: Any = decode(topic, record.key, record.value, record.headers, record.timestamp)
                        except Refusal:
                            continue
                        self.described.add((event.account, event.data.dashboard_id))
                    else:  # the key says it: with another one the record would have been refused
                        account, _, id_ = (record.key or b"").decode(errors="replace").partition("/")
                        (self.contacts if topic in CONTACT_KEYED else self.described).add((account, id_))
            self._at[topic] = max(start, end)
