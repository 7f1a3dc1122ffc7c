"""What batches have become on their way into a commit, and what is measured of them once it is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from events.quarantine.dead_letter import DeadLetter
from projections.account_fold import Owners
from projections.partition import PartitionState
from streams.metrics import Meters, Metric

_SAMPLE: Final = 20


@dataclass(frozen=True, slots=True)
class Folded:
    """How many events there are, and the records that are none. `found`: how many contacts, by where their state was; `times`: of some of
    the events, in ms since 1970 UTC."""

    letters: Sequence[DeadLetter]
    events: int
    found: Mapping[str, int] = field(default_factory=dict)
    times: Sequence[int] = ()

    def measure(self, meters: Meters, records: int, oldest: int, now: float) -> None:
        """Take it in as written: so many `records`, the first of which the log stamped at `oldest` (ms). `now` in seconds since 1970."""
        meters.add(Metric.EVENTS, self.events)
        meters.observe(Metric.BATCH, [records])
        meters.put(Metric.COMMITTED, {(): now})
        meters.observe(Metric.FRESHNESS, [max(0.0, now - oldest / 1000)])
        meters.observe(Metric.AGE, [max(0.0, now - time / 1000) for time in self.times])
        for place, number in self.found.items():
            meters.add(Metric.CONTACTS, number, place)
        for letter in self.letters:
            meters.add(Metric.QUARANTINED, 1, letter.reason)


class Held:
    """Counts where the contacts of a batch come from, by how many of their accounts are in memory from step to step."""

    def __init__(self, state: PartitionState, contacts: Mapping[str, Owners]) -> None:
        self._state = state
        self._contacts = contacts
        self._counts = [self._count()]

    def note(self) -> None:
        """To be called after those in Redis were loaded, and again after the new ones were made."""
        self._counts.append(self._count())

    def found(self) -> Mapping[str, int]:
        before, loaded, folded = self._counts
        touched = sum(map(len, self._contacts.values()))
        return {"memory": touched - (folded - before), "redis": loaded - before, "nowhere": folded - loaded}

    def _count(self) -> int:
        return sum(len(self._state.account(account).contacts) for account in self._contacts)


def sample(contacts: Mapping[str, Owners]) -> Sequence[int]:
    """The times of the last events of some contacts, spread over them all."""
    times: list[int] = []
    share = -(-_SAMPLE // max(1, len(contacts)))
    for owners in islice(contacts.values(), _SAMPLE):
        lasts = (events[-1] for events in islice(owners.values(), 0, None, -(-len(owners) // share)))
        times += (last.time for last in lasts if last is not None)
    return times
