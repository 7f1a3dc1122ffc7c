"""`diff`: whether two generations hold the same, cell by cell and by names.

They may be at different offsets, and workers may go on writing both. What the records between the two positions are about is set aside:
these contacts, sequences and dashboards are not compared, nor the counters that they add to. All the rest has to be equal.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from events.log.port import Log
from events.topics import SOURCE_TOPICS
from projections import difference
from projections.canonical import SpelledContact
from projections.cut import Cut, Progress, read_cut
from projections.definitions import NAMED_ONLY
from projections.difference import Described, Difference, contact_differences, counter_differences, described_differences, field_differences
from projections.generations import KEY, Generation, read_known
from projections.stored_partition import StoredContact, StoredPartition, pages
from projections.tables.store import Store, StoreError
from streams.stretch import Stretches
from streams.touched import Touched

Enrollment = tuple[str, str, str, str]
"""Account, contact, sequence, enrollment."""
_NOBODY: Final = SpelledContact()
_FIRST: Final = 50


@dataclass(slots=True)
class Differing:
    """What was compared, and every difference: `left` is generation `one`, `right` is `other`.

    `behind`: partition -> records that one of the two has and the other has not, where there are any. `set_aside`: contacts that these, or
    later ones, are about; `moved`: the first of their enrollments that differ, which says nothing against either generation.
    """

    one: int
    other: int
    partitions: int
    contacts: int = 0
    enrollments: int = 0
    counters: int = 0
    set_aside: int = 0
    moved: list[Enrollment] = field(default_factory=list)
    behind: dict[int, int] = field(default_factory=dict)
    not_compared: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.differences

    @property
    def offending(self) -> list[Enrollment]:
        """Every enrollment that differs, in the order in which they were found."""
        return _enrollments(self.differences)


def diff(store: Store, log: Log, one: int, other: int, *, progress: Callable[[int, int], None] = lambda _done, _of: None) -> Differing:
    """Compare two generations, whichever shards they have. `progress` is told how many contacts are compared, and of how many.

    Raises `StoreError` when one is not there or they are of different logs, and `LogError`, `HoleInLog` when what lies between them cannot
    be read.
    """
    (fields,) = store.read([("HGETALL", KEY)])
    known = read_known(fields)
    if known[one].partitions != known[other].partitions:
        counts = f"{known[one].partitions} and {known[other].partitions}"
        raise StoreError(f"generations {one} and {other} were made for {counts} partitions: they are of different logs")
    return _Comparison(store, log, (known[one], known[other]), progress).run()


class _Side:
    """One generation at its cut: that of all its shards together."""

    def __init__(self, store: Store, generation: Generation) -> None:
        self.generation = generation
        self.progress: dict[int, Progress] = {}
        self.counters: Counter[difference.Counter] = Counter()
        self.sequences: dict[Described, bytes] = {}
        self.dashboards: dict[Described, bytes] = {}
        self.quarantined: Counter[str] = Counter()
        for shard in range(generation.shards):
            self._add(read_cut(store, generation, shard))

    def _add(self, cut: Cut) -> None:
        self.progress.update(cut.progress)
        self.counters.update(cut.counters)
        self.quarantined.update(cut.quarantined)
        for key, packed in cut.sequences.items():  # defined in one shard, and merely named in others
            self.sequences[key] = packed or self.sequences.get(key, NAMED_ONLY)
        self.dashboards.update(cut.dashboards)

    def partition(self, store: Store, partition: int) -> StoredPartition:
        return StoredPartition(store, self.generation.prefix(partition), partition)


class _Comparison:
    """One run."""

    def __init__(self, store: Store, log: Log, generations: tuple[Generation, Generation], progress: Callable[[int, int], None]) -> None:
        self._store = store
        self._stretches = Stretches(log, allow_gaps=True)
        self._progress = progress
        self._sides = (_Side(store, generations[0]), _Side(store, generations[1]))
        self.found = Differing(generations[0].number, generations[1].number, generations[0].partitions)
        self._uncertain: set[difference.Described] = set()
        """Sequences whose counters contacts set aside add to, and ("account", "") for those of the account."""
        self._described: set[Described] = set()
        self._of = sum(
            max(sum(count for name, count in side.progress[one].fields.items() if name.startswith("contacts:")) for side in self._sides)
            for one in range(self.found.partitions)
        )

    def run(self) -> Differing:
        found, (one, other) = self.found, self._sides
        for partition in range(found.partitions):
            found.differences += self._partition(partition)
        found.differences += self._sums(one, other)
        if found.set_aside:
            found.not_compared.append(f"contacts that the records between the two positions are about: {found.set_aside:,}")
        if self._uncertain:
            found.not_compared.append(f"counters of sequences that they are in: {_some({id_ for _, id_ in self._uncertain if id_})}")
            found.not_compared.append(f"counters over all sequences, of accounts: {_some({account for account, _ in self._uncertain})}")
        if self._described:
            found.not_compared.append(f"sequences and dashboards that they define: {_some({id_ for _, id_ in self._described})}")
        if found.behind:
            found.not_compared.append("how many records are in quarantine")
        return found

    def _partition(self, partition: int) -> Iterator[Difference]:
        one, other = (side.partition(self._store, partition) for side in self._sides)
        cuts = [side.progress[partition] for side in self._sides]
        touched = Touched(self._stretches, partition, _each(min, *(cut.offsets for cut in cuts)))
        ends = _each(max, *(cut.offsets for cut in cuts))
        touched.advance(ends)
        behind = sum(abs(cuts[0].offsets.get(topic, 0) - cuts[1].offsets.get(topic, 0)) for topic in SOURCE_TOPICS)
        if behind:
            self.found.behind[partition] = behind
        at_cut = set(touched.contacts)
        self._described |= touched.described
        self._uncertain |= {(account, "") for account, _ in at_cut}
        for account in sorted({account for cut in cuts for account in cut.accounts} | {account for account, _ in at_cut}):
            here = list(one.contact_ids(account))
            listed = {contact_id for _, contact_id in here}
            there = [entry for entry in other.contact_ids(account) if entry[1] not in listed]
            for entries in pages([*here, *there]):
                contact_ids = [contact_id for _, contact_id in entries]
                left, right = one.read(account, contact_ids), other.read(account, contact_ids)
                touched.advance(_each(max, left.offsets, right.offsets))
                for contact_id in contact_ids:
                    yield from self._contact(account, contact_id, left.contacts[contact_id], right.contacts[contact_id], touched, at_cut)
                self._progress(self.found.contacts + self.found.set_aside, self._of)

    def _contact(
        self,
        account: str,
        contact_id: str,
        left: StoredContact | None,
        right: StoredContact | None,
        touched: Touched,
        at_cut: set[tuple[str, str]],
    ) -> Iterator[Difference]:
        aside = (account, contact_id) in touched.contacts
        if aside and (account, contact_id) in at_cut:
            self._uncertain |= {(account, sequence_id) for one in (left, right) if one is not None for sequence_id, _ in one.rows}
        differences = _contact_differences(account, contact_id, left, right)
        if aside:
            self.found.set_aside += 1
            self.found.moved += _enrollments(differences)[: _FIRST - len(self.found.moved)]
            return
        yield from differences
        self.found.contacts += 1
        self.found.enrollments += max((len(one.rows) for one in (left, right) if one is not None), default=0)

    def _sums(self, one: _Side, other: _Side) -> Iterator[Difference]:
        left, right = ({key: number for key, number in side.counters.items() if key[:2] not in self._uncertain} for side in (one, other))
        self.found.counters = len(left.keys() | right.keys())
        yield from counter_differences(left, right)
        for table in ("sequences", "dashboards"):
            aside = self._described | (self._uncertain if table == "sequences" else set())
            here, there = ({key: packed for key, packed in getattr(side, table).items() if key not in aside} for side in (one, other))
            yield from described_differences(table, here, there)
        if not self.found.behind:
            yield from field_differences("quarantined", one.quarantined, other.quarantined)


def _contact_differences(account: str, contact_id: str, left: StoredContact | None, right: StoredContact | None) -> Iterator[Difference]:
    here, there = (_NOBODY if one is None else one.spelled for one in (left, right))
    if here is None or there is None:
        left_told, right_told = ("can be read" if one is None or one.fault is None else one.fault for one in (left, right))
        yield Difference("contacts", "state", left_told, right_told, account, contact_id)
    elif here != there:
        # A contact of whom nothing is known may be known in one alone: compaction takes whom erasing has emptied.
        yield from contact_differences(account, contact_id, None if here == _NOBODY else here, None if there == _NOBODY else there)


def _enrollments(differences: Iterable[Difference]) -> list[Enrollment]:
    found = ((one.account, one.contact, one.sequence, one.enrollment) for one in differences)
    return list(dict.fromkeys((a, c, s, e) for a, c, s, e in found if a and c and s and e))


def _each(choose: Callable[[int, int], int], one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {topic: choose(one.get(topic, 0), other.get(topic, 0)) for topic in SOURCE_TOPICS}


def _some(ids: set[str]) -> str:
    """The first ids, and how many there are beside them."""
    told = ", ".join(sorted(ids)[:5])
    return told + (f" and {len(ids) - 5:,} more" if len(ids) > 5 else "")
