"""One partition of the tables held against the reference, while workers may go on writing it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from xxhash import xxh3_64_intdigest

from events.topics import CONTACT, SOURCE_TOPICS, record_key
from projections.canonical import SpelledContact
from projections.difference import Difference, contact_differences, field_differences
from projections.reference import Reference
from projections.stored_partition import Page, StoredContact, StoredPartition, Whole, pages
from projections.tables.layout import SEPARATOR
from projections.tables.store import StoreError
from streams.positions import Lane
from streams.stretch import Stretches

_NOBODY = SpelledContact()


@dataclass(frozen=True, slots=True)
class Scope:
    """What is to be compared; by default everything. `contact` and `sequence` are those of `account`.

    `partitions`: these alone. `sample`: per cent of the contacts whose states and rows are compared, chosen by a hash with `seed`.
    """

    account: str = "default"
    contact: str | None = None
    sequence: str | None = None
    partitions: frozenset[int] | None = None
    sample: float = 100.0
    seed: int = 0

    @property
    def one_account(self) -> bool:
        return self.contact is not None or self.sequence is not None

    def chooses(self, account: str, contact: str) -> bool:
        """Whether the state and the rows of a contact are to be compared, as far as its id tells."""
        if self.contact is not None:
            return contact == self.contact
        return self.sample >= 100 or xxh3_64_intdigest(f"{account}/{contact}".encode(), self.seed) < self.sample / 100 * 2**64

    def wants(self, difference: Difference) -> bool:
        """Whether what is no contact's is to be compared."""
        if self.sequence is None or self.contact is not None:
            return self.contact is None
        return (difference.account, difference.sequence) == (self.account, self.sequence)


class PartitionCheck:
    """Folds a partition of the log and compares it with what is stored. After `compare`, `contacts` and `enrollments` were compared, and
    `forgotten` contacts could not be: compaction has taken from the log what the tables still know, or know no longer."""

    def __init__(self, stored: StoredPartition, partition: int, stretches: Stretches, scope: Scope) -> None:
        self.reference = Reference(None if scope.contact is None else record_key(scope.account, scope.contact))
        self.contacts = self.enrollments = self.forgotten = 0
        self._stored = stored
        self._partition = partition
        self._stretches = stretches
        self._scope = scope
        self._at: dict[str, int] = {}
        self._missing: Counter[str] = Counter()
        self._faults: set[Difference] = set()
        self._rows: defaultdict[tuple[str, str], set[int]] = defaultdict(set)

    @property
    def compacted(self) -> int:
        """How many records of the partition compaction has taken."""
        return self._stretches.compacted.get(Lane(CONTACT, self._partition), 0)

    def advance(self, offsets: Mapping[str, int]) -> None:
        """Fold on up to these offsets."""
        for topic in SOURCE_TOPICS:
            start, end = self._at.get(topic, 0), offsets.get(topic, 0)
            if end < start:
                raise StoreError(f"Redis was set back while it was read: {topic}/{self._partition} from {start} to {end}; verify again")
            for records in self._stretches.read(Lane(topic, self._partition), start, end):
                self.reference.take(topic, records)
            self._at[topic] = end

    def compare(self, accounts: Iterable[str]) -> Iterator[Difference]:
        """Every difference of the partition, from where `advance` has come to; `accounts`: those that the tables have, as far as known."""
        scope, first = self._scope, self._stored.progress()
        everyone = {scope.account} if scope.one_account else {*accounts, *first.accounts, *self.reference.accounts}
        listed: dict[str, list[str]] = {}
        for account in sorted(everyone):
            entries = list(self._stored.contact_ids(account))
            listed[account] = [contact_id for _, contact_id in entries]
            yield from self._contacts(account, [entry for entry in entries if scope.chooses(account, entry[1])])
        progress, found = self._stored.whole({account: len(ids) for account, ids in listed.items()})
        self.advance(progress.offsets)
        for account, whole in found.items():
            known = {*listed[account], *whole.later_ids}
            for contact_id in sorted(self.reference.account(account).contacts.keys() - known):
                yield from self._absent(account, contact_id)
        rest = [*self._counts(progress.counts)]
        for account, whole in found.items():
            rest += self._whole(account, whole, len(listed[account]) + len(whole.later_ids))
        if scope.sample >= 100:
            rest += self._ownerless(first.counts)
        yield from (one for one in rest if scope.wants(one))

    def _contacts(self, account: str, wanted: Sequence[tuple[int, str]]) -> Iterator[Difference]:
        steps = self.reference.steps(account)
        for entries in pages(wanted):
            page = self._stored.read(account, [contact_id for _, contact_id in entries], steps)
            self.advance(page.offsets)
            yield from (one for one in page.faults if self._scope.wants(one) and one not in self._faults)
            self._faults.update(page.faults)
            for position, contact_id in entries:
                yield from self._contact(account, position, contact_id, page)

    def _contact(self, account: str, position: int, contact_id: str, page: Page) -> Iterator[Difference]:
        stored, expected = page.contacts[contact_id], self.reference.contact(account, contact_id)
        spelled = None if stored is None else stored.spelled
        if self._scope.sequence is not None and not _enrolled(self._scope.sequence, spelled, expected):
            return
        self.contacts += 1
        self.enrollments += 0 if expected is None else len(expected.enrollments)
        if stored is None:
            self._missing[account] += 1
        elif stored.fault is not None:
            yield Difference("contacts", "state", stored.fault, "a state that can be read", account, contact_id)
            return
        else:
            yield from self._place(account, position, contact_id, stored)
        if spelled == expected:
            return
        if self.compacted and spelled is not None and self._was_compacted(account, contact_id, spelled, expected, page):
            self.forgotten += 1
            spelled = expected if expected is None else replace(spelled, profile=expected.profile)
        if expected is None and spelled is None and stored is None:
            yield Difference("contact-ids", "contact", position, None, account, contact_id)
        elif spelled != expected:
            yield from contact_differences(account, contact_id, spelled, expected)

    def _place(self, account: str, position: int, contact_id: str, stored: StoredContact) -> Iterator[Difference]:
        if stored.ordinal != position:
            yield Difference("contact-ids", "position", position, stored.ordinal, account, contact_id)
        for sequence_id, row in stored.rows:
            owned = self._rows[account, sequence_id]
            if row in owned:
                yield Difference("rows", f"row {row}", "belongs to two", "belongs to one", account, contact_id, sequence_id)
            owned.add(row)

    def _was_compacted(self, account: str, contact_id: str, stored: SpelledContact, expected: SpelledContact | None, page: Page) -> bool:
        """Whether nothing but the profile differs, and the log has lost the record that it was read from: the contact is erased and
        forgotten, or a later record of it, which is not applied yet, has replaced it."""
        known = _NOBODY if expected is None else expected
        if replace(stored, profile=None) != replace(known, profile=None):
            return False
        if stored.profile is None and expected is None:
            return True
        lane, key = Lane(CONTACT, self._partition), record_key(account, contact_id)
        later = self._stretches.log.read_key(*lane, key, page.offsets[CONTACT], self._stretches.log.end(*lane))
        return bool(later)

    def _absent(self, account: str, contact_id: str) -> Iterator[Difference]:
        """A contact that no list in the tables has."""
        expected = self.reference.contact(account, contact_id)
        if self._scope.sequence is None or _enrolled(self._scope.sequence, expected):
            self.contacts += 1
            yield from contact_differences(account, contact_id, None, expected)

    def _counts(self, counts: Mapping[str, int]) -> Iterator[Difference]:
        """The numbers of the progress hash. Events and contacts that compaction has taken were counted before."""
        expected = self.reference.progress()
        stored = {"events": 0, **counts}
        if self.compacted:
            for name, number in stored.items():
                least = expected.get(name, 0)
                if name == "events" or name.startswith("contacts:"):
                    if least <= number <= least + self.compacted:
                        expected[name] = number
                elif number == 0:
                    expected.setdefault(name, 0)
        for one in field_differences("progress", stored, expected):
            account, _, sequence_id = one.cell.partition(":")[2].partition(SEPARATOR)
            yield replace(one, partition=self._partition, account=account or None, sequence=sequence_id or None)

    def _whole(self, account: str, whole: Whole, listed: int) -> Iterator[Difference]:
        reference, partition = self.reference.account(account), self._partition
        if whole.contacts > listed - self._missing[account]:
            for contact_id in self._stored.unlisted(account):
                yield Difference("contacts", "contact", "has a state, is not listed", None, account, contact_id, partition=partition)
        for contact_id in sorted(whole.shared - reference.contacts.keys()):
            yield Difference("shared", "messages", "there", None, account, contact_id, partition=partition)
        expected = dict.fromkeys((reference.names.text(code) for code in range(1, len(reference.names) + 1)), 1)
        for one in field_differences("names", Counter(whole.names), expected, account):
            yield replace(one, partition=partition)
        chunks = {chunk: "listed" if version > 0 else f"version {version}" for chunk, version in whole.chunks.items()}
        for one in field_differences("chunks", chunks, dict.fromkeys(self.reference.chunks(account, partition), "listed"), account):
            yield replace(one, partition=partition, sequence=one.cell.split(":", 2)[2])

    def _ownerless(self, counts: dict[str, int]) -> Iterator[Difference]:
        """Rows that were there before the first contact was read, and belong to none."""
        for name, count in counts.items():
            if name.startswith("rows:"):
                account, _, sequence_id = name.removeprefix("rows:").partition(SEPARATOR)
                for row in sorted(set(range(count)) - self._rows[account, sequence_id]):
                    yield Difference("rows", f"row {row}", "belongs to nobody", None, account, None, sequence_id, partition=self._partition)


def _enrolled(sequence: str, *contacts: SpelledContact | None) -> bool:
    return any(sequence_id == sequence for one in contacts if one is not None for sequence_id, _ in one.enrollments)
