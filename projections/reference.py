"""The reference: one partition of the log folded in the plainest way, to hold the tables against.

Records are judged by `events.judgement.judge`, facts united contact by contact, and everything else is taken from the views as they are at
the end. There are no batches, no differences and nothing remembered in between, so an error of the quick path is not repeated here.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from events.judgement import judge
from events.log.record import Record
from events.refusal import Refusal
from events.topics import CONTACT, DASHBOARD, SEQUENCE
from events.wire import decode
from projections import dashboards, definitions, difference
from projections.canonical import SpelledContact, spell
from projections.contact import Contact, Profile
from projections.contribution import FIELDS, account_wide, cells, counters, packed_cell, row, shared_messages
from projections.dashboards import Dashboard
from projections.definitions import Definition
from projections.facts import unite
from projections.names import Names
from projections.tables.layout import CHUNK_ROWS, SEPARATOR
from projections.view import view

_PROFILED: Final = ("contact.updated", "contact.erased")


class ReferenceAccount:
    """One account within the partition. `rows`: sequence (names code) -> enrollments."""

    __slots__ = ("contacts", "names", "rows")

    def __init__(self) -> None:
        self.names = Names()
        self.contacts: dict[str, Contact] = {}
        self.rows: dict[int, int] = {}

    def new_row(self, sequence: int) -> int:
        number = self.rows.get(sequence, 0)
        self.rows[sequence] = number + 1
        return number

    def sequences(self) -> dict[str, int]:
        """Sequence id -> enrollments."""
        return {self.names.text(sequence): count for sequence, count in self.rows.items()}


class Reference:
    """What a partition has to hold, from the records that were taken so far. `only`: the one record key that matters."""

    def __init__(self, only: bytes | None = None) -> None:
        self._only = only
        self.accounts: defaultdict[str, ReferenceAccount] = defaultdict(ReferenceAccount)
        self.definitions: dict[tuple[str, str], Definition] = {}
        self.dashboards: dict[tuple[str, str], Dashboard] = {}
        self.quarantined: Counter[str] = Counter()
        self.events = 0
        """How many events there were, repetitions included."""

    def take(self, topic: str, records: Iterable[Record]) -> None:
        """Unite what these records say, which must follow those taken of the topic before."""
        for record in records:
            if self._only is not None and record.key != self._only:
                continue
            value = record.value
            if value is None and topic == CONTACT:
                self._erase(record.key or b"")
                continue
            try:
                event: Any = judge(value, record.headers, topic=topic, key=record.key, stamped_at=record.timestamp)
            except Refusal as refusal:
                self.quarantined[str(refusal.reason)] += 1
                continue
            self.events += 1
            if topic in (SEQUENCE, DASHBOARD):
                self._describe(topic, record, event)
            else:
                self._happen(event)

    def _happen(self, event: Any) -> None:
        account = self.accounts[event.account]
        data = event.data
        contact = account.contacts.get(data.contact_id)
        if contact is None:
            contact = account.contacts[data.contact_id] = Contact(len(account.contacts), event.time, [], [], set())
        if event.type in _PROFILED:
            erased = event.type == "contact.erased"
            contact.profile = None if erased else Profile(data.name, data.email, data.company_id, data.company_name)
        else:
            unite(contact, event, account.names, account.new_row)

    def _erase(self, key: bytes) -> None:
        """A tombstone empties the profile of a contact that is known; a key that is none of ours has no contact."""
        account, _, contact_id = key.decode(errors="replace").partition("/")
        contact = self.account(account).contacts.get(contact_id)
        if contact is not None:
            contact.profile = None

    def _describe(self, topic: str, record: Record, event: Any) -> None:
        # The judged event is read again in the plain form that times and parameters have in the tables.
        plain: Any = decode(topic, record.key, event.to_json(), (), record.timestamp)
        self.accounts[event.account]  # it is known from now on
        if topic == SEQUENCE:
            sequence = (event.account, plain.data.sequence_id)
            self.definitions[sequence] = definitions.unite(self.definitions.get(sequence, Definition()), plain)
        else:
            dashboard = (event.account, plain.data.dashboard_id)
            self.dashboards[dashboard] = dashboards.unite(self.dashboards.get(dashboard, Dashboard()), plain)

    def account(self, account: str) -> ReferenceAccount:
        """An account; an empty one if no record was about it."""
        return self.accounts.get(account) or ReferenceAccount()

    def contact(self, account: str, contact_id: str) -> SpelledContact | None:
        """What the tables have to hold of a contact; None if no record was about it."""
        known = self.account(account)
        contact = known.contacts.get(contact_id)
        if contact is None:
            return None
        seen = view(contact, known.names)
        return spell(
            contact_id,
            contact,
            known.names,
            [row(contact, enrollment) for enrollment in seen.enrollments],
            [{known.names.text(step): packed_cell(cell) for step, cell in cells(one).items()} for one in seen.enrollments],
            shared_messages(contact, seen),
        )

    def counters(self) -> Counter[difference.Counter]:
        """What the partition adds to the counters."""
        found: Counter[difference.Counter] = Counter()
        for account, known in self.accounts.items():
            added: Counter[int] = Counter()
            for contact in known.contacts.values():
                added.update(counters(contact, view(contact, known.names)))
            for key, number in (*added.items(), *account_wide(added).items()):
                sequence, step, field = key >> 48, key >> 16 & 0xFFFFFFFF, FIELDS[key & 0xFFFF]
                found[account, known.names.text(sequence), f"{field}:{known.names.text(step)}" if step else field] += number
        return found

    def steps(self, account: str) -> Mapping[str, set[str]]:
        """Sequence id -> the steps that any enrollment of it has a cell of."""
        known = self.account(account)
        found: defaultdict[str, set[str]] = defaultdict(set)
        for contact in known.contacts.values():
            named = {known.names.text(fact[5]) for fact in contact.facts if fact[5]}
            for enrollment in contact.enrollments:
                found[known.names.text(enrollment.sequence)] |= named
        return found

    def progress(self) -> dict[str, int]:
        """The counts of the progress hash."""
        found = {"events": self.events}
        for account, known in self.accounts.items():
            found[f"contacts:{account}"] = len(known.contacts)
            if known.contacts:
                found[f"names:{account}"] = len(known.names)
            found |= {f"rows:{account}{SEPARATOR}{sequence_id}": count for sequence_id, count in known.sequences().items()}
        return found

    def chunks(self, account: str, partition: int) -> set[str]:
        """The addresses of the chunks that hold the account's rows."""
        return {
            f"{partition}:{number}:{sequence_id}"
            for sequence_id, count in self.account(account).sequences().items()
            for number in range(-(-count // CHUNK_ROWS))
        }
