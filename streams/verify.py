"""`verify`: whether every table is what the log says up to the stored offsets, by a second, plain way of folding it.

Workers may run meanwhile. What the partitions of a shard add up (counters, catalogue, dashboards, quarantined) is read in one transaction
with their offsets, the cut, and compared with the log up to these. Contacts and rows are read page by page; before a page is compared, the
reference of its partition takes in the log up to the offsets that the page was read at.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic

from events.log.port import Log
from events.partitioner import partition_for
from events.topics import CONTACT, SOURCE_TOPICS, record_key
from projections import dashboards, definitions, difference
from projections.cut import Cut, read_cut
from projections.definitions import NAMED_ONLY
from projections.difference import Described, Difference, counter_differences, described_differences, field_differences
from projections.generations import KEY, Generation, check_made_for, check_written_by_us, read_known
from projections.reference import Reference
from projections.stored_partition import StoredPartition
from projections.tables.store import Store, StoreError
from streams.partition_check import PartitionCheck, Scope
from streams.positions import Lane
from streams.stretch import Stretches

Progress = Callable[[int, int], None]
"""Told how many offsets of the log are read, and of how many."""


class NotThere(Exception):
    """What was to be verified is not there; the message names it."""


class NoSuchPartition(NotThere):
    """A partition was asked for that the log does not have."""


@dataclass(slots=True)
class Verified:
    """What was compared, and every difference: `left` is stored, `right` is what the log says.

    `events` were folded, repetitions included; `not_compared` says what was left out, and why.
    """

    generation: int
    partitions: tuple[int, ...]
    events: int = 0
    contacts: int = 0
    enrollments: int = 0
    counters: int = 0
    seconds: float = 0.0
    seed: int | None = None
    not_compared: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.differences

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds if self.seconds else 0.0


def verify(
    store: Store,
    log: Log,
    *,
    generation: int | None = None,
    scope: Scope | None = None,
    allow_gaps: bool = False,
    progress: Progress = lambda _read, _of: None,
) -> Verified:
    """Compare a generation, the active one by default, with the log.

    `allow_gaps`: whether offsets may be missing in the log, as publishers that write in transactions cause it. Raises `NotThere`,
    `HoleInLog`, `LogError`, and `StoreError` when the generation is not there, or is another fold's or another log's.
    """
    begun = monotonic()
    return _Verification(store, log, _generation(store, log, generation), scope or Scope(), allow_gaps, progress).run(begun)


def _generation(store: Store, log: Log, number: int | None) -> Generation:
    (fields,) = store.read([("HGETALL", KEY)])
    known = read_known(fields)
    chosen = known.active if number is None else number
    if chosen is None:
        raise StoreError("there is no generation yet: nothing was projected into this Redis (tally worker)")
    check_made_for(known[chosen], log.partitions(CONTACT))
    check_written_by_us(known[chosen])
    return known[chosen]


class _Totals:
    """What the partitions of a shard say together."""

    def __init__(self) -> None:
        self.counters: Counter[difference.Counter] = Counter()
        self.quarantined: Counter[str] = Counter()
        self.sequences: dict[Described, bytes] = {}
        self.dashboards: dict[Described, bytes] = {}

    def add(self, reference: Reference) -> None:
        self.counters.update(reference.counters())
        self.quarantined.update(reference.quarantined)
        for account, known in reference.accounts.items():
            for sequence_id in known.sequences():
                self.sequences.setdefault((account, sequence_id), NAMED_ONLY)
        self.sequences.update({key: definitions.encode(one) for key, one in reference.definitions.items()})
        self.dashboards.update({key: dashboards.encode(one) for key, one in reference.dashboards.items()})


class _Verification:
    """One run."""

    def __init__(self, store: Store, log: Log, generation: Generation, scope: Scope, allow_gaps: bool, progress: Progress) -> None:
        self._store = store
        self._generation = generation
        self._scope = scope
        self._read, self._of = 0, 0
        self._progress = progress
        self._stretches = Stretches(log, allow_gaps=allow_gaps, advanced=self._advanced)
        self._partitions = self._chosen()
        self.found = Verified(generation.number, self._partitions, seed=scope.seed if scope.sample < 100 else None)

    def _chosen(self) -> tuple[int, ...]:
        scope, count = self._scope, self._generation.partitions
        chosen = scope.partitions if scope.partitions is not None else frozenset(range(count))
        if beyond := sorted(one for one in chosen if not 0 <= one < count):
            raise NoSuchPartition(f"there is no partition {beyond[0]}; the log has 0 to {count - 1}")
        if scope.contact is not None:
            chosen &= {partition_for(record_key(scope.account, scope.contact), count)}
        return tuple(sorted(chosen))

    def run(self, begun: float) -> Verified:
        found, shards = self.found, self._generation.shards
        cuts = {shard: read_cut(self._store, self._generation, shard) for shard in sorted({one % shards for one in self._partitions})}
        ends = {
            Lane(topic, one): cuts[one % shards].progress[one].offsets.get(topic, 0) for one in self._partitions for topic in SOURCE_TOPICS
        }
        self._stretches.check_whole(ends)
        self._of = sum(ends.values())
        for shard, cut in cuts.items():
            totals = _Totals()
            for partition in self._partitions:
                if partition % shards == shard:
                    found.differences += self._partition(partition, cut, totals)
            if self._scope.contact is None and set(cut.progress) <= set(self._partitions):
                found.differences += [one for one in self._shard(cut, totals) if self._scope.wants(one)]
        named = any((self._scope.account, self._scope.sequence) in cut.sequences for cut in cuts.values())
        if self._scope.one_account and not found.contacts and not found.differences and not named:
            raise NotThere(f"account {self._scope.account} has no contact {self._scope.contact or f'in sequence {self._scope.sequence}'}")
        self._say_what_was_left_out()
        found.seconds = monotonic() - begun
        return found

    def _partition(self, partition: int, cut: Cut, totals: _Totals) -> Iterator[Difference]:
        stored = StoredPartition(self._store, self._generation.prefix(partition), partition)
        check = PartitionCheck(stored, partition, self._stretches, self._scope)
        check.advance(cut.progress[partition].offsets)
        if self._scope.contact is None:
            totals.add(check.reference)
        yield from check.compare(cut.progress[partition].accounts)
        self.found.events += check.reference.events
        self.found.contacts += check.contacts
        self.found.enrollments += check.enrollments
        if check.forgotten:
            self.found.not_compared.append(f"names of {check.forgotten} contacts in partition {partition}: compaction took their records")

    def _shard(self, cut: Cut, totals: _Totals) -> Iterator[Difference]:
        scope = self._scope
        self.found.counters += sum(
            scope.sequence is None or key[:2] == (scope.account, scope.sequence) for key in cut.counters.keys() | totals.counters.keys()
        )
        yield from counter_differences(cut.counters, totals.counters)
        yield from described_differences("sequences", cut.sequences, totals.sequences)
        yield from described_differences("dashboards", cut.dashboards, totals.dashboards)
        yield from field_differences("quarantined", cut.quarantined, self._quarantined(cut, totals))

    def _quarantined(self, cut: Cut, totals: _Totals) -> Mapping[str, int]:
        """What compaction has taken may have been set aside before."""
        expected = dict(totals.quarantined)
        taken = sum(self._stretches.compacted.get(Lane(CONTACT, partition), 0) for partition in cut.progress)
        for reason, number in cut.quarantined.items():
            more = number - expected.get(reason, 0)
            if 0 < more <= taken:
                expected[reason] = number
                taken -= more
        return expected

    def _say_what_was_left_out(self) -> None:
        scope, told = self._scope, self.found.not_compared
        if scope.contact is not None:
            told.append(f"everything but contact {scope.contact} of account {scope.account}")
        else:
            if scope.sequence is not None:
                told.append(f"everything but sequence {scope.sequence} of account {scope.account}")
            if scope.sample < 100:
                told.append(f"states and rows of contacts outside a sample of {scope.sample:g} %")
            if len(self._partitions) < self._generation.partitions:
                told.append("partitions that were not asked for, and counters and catalogue that they add to")

    def _advanced(self, offsets: int) -> None:
        self._read += offsets
        self._progress(self._read, max(self._of, self._read))
