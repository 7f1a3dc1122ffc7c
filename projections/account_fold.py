"""The fold of one account's events of a batch: into the states of its contacts, and as changes into a commit."""

from collections import Counter, defaultdict
from typing import Any, Final

from events.wire import WireEvent
from projections import codec
from projections.contact import Contact, Profile
from projections.contribution import FIELDS, account_wide, packed_cell, spread
from projections.facts import unite
from projections.partition import AccountState, KnownContact
from projections.tables.layout import CHUNK_ROWS, COUNTERS, ROW, SEPARATOR, STEP_CELL
from projections.tables.store import Commit
from projections.view import view

_FIRST_STEP_FIELD: Final = len(COUNTERS)
_ROW_SIZE: Final[int] = ROW.itemsize
_CELL_SIZE: Final[int] = STEP_CELL.itemsize

Owners = dict[str, list[WireEvent | None]]
"""contact, sequence or dashboard id -> its events in the log's order; None stands for a tombstone."""


class AccountFold:
    """The fold of one account's events of a batch into a commit."""

    def __init__(self, prefix: str, state: AccountState, partition: int, commit: Commit) -> None:
        self._prefix = prefix
        self._state = state
        self._partition = partition
        self._commit = commit
        self._went: list[int] = []
        self._came: list[int] = []
        self._strings: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
        self._chunks: dict[str, int] = {}
        self._new_contacts: list[str] = []
        self._rows_before = dict(state.rows)

    def fold(self, contacts: Owners) -> None:
        state, commit = self._state, self._commit
        contact_count, names_count = state.contact_count, state.names.stored
        states: dict[str, bytes] = {}
        shared: dict[str, bytes] = {}
        held = state.contacts
        for contact_id, events in contacts.items():
            known = held.pop(contact_id, None)
            if known is None:
                first = next((event for event in events if event is not None), None)
                if first is None:
                    continue  # a tombstone of somebody unknown
                known = KnownContact(Contact(state.contact_count, first.time, [], [], set()), None)
                state.contact_count += 1
                self._new_contacts.append(contact_id)
            held[contact_id] = known  # now the most recently used
            if self._take(known, events, shared, contact_id):
                states[contact_id] = codec.encode(known.contact)
        suffix = f"{self._partition}:{state.account}"
        if states:
            commit.hashes[f"{self._prefix}contacts:{suffix}"] = states
        if shared:
            commit.hashes[f"{self._prefix}shared:{suffix}"] = shared
        self._append(f"{self._prefix}contact-ids:{suffix}", self._new_contacts, contact_count)
        self._append(f"{self._prefix}names:{suffix}", state.names.unstored(), names_count)
        if self._new_contacts or len(state.names) > names_count:
            commit.progress[f"contacts:{state.account}"] = state.contact_count
            commit.progress[f"names:{state.account}"] = len(state.names)
        for key, patches in self._strings.items():
            commit.strings[key] = _joined(patches)
        if self._chunks:
            commit.counters[f"{self._prefix}chunks:{state.account}"] = self._chunks
        for sequence, count in state.rows.items():
            if count != self._rows_before.get(sequence):
                sequence_id = state.names.text(sequence)
                commit.progress[f"rows:{state.account}{SEPARATOR}{sequence_id}"] = count
                if sequence not in self._rows_before:
                    commit.registrations.setdefault(f"{self._prefix}sequences:{state.account}", []).append(sequence_id)
        self._count()

    def _take(self, known: KnownContact, events: list[WireEvent | None], shared: dict[str, bytes], contact_id: str) -> bool:
        """Unite the events with what is known; True if the state has to be written."""
        contact, names, new_row = known.contact, self._state.names, self._state.new_row
        enrollments = len(contact.enrollments)
        changed = profile_changed = False
        for event in events:
            if event is None or event.type in ("contact.updated", "contact.erased"):
                profile = _profile(event)
                profile_changed |= profile != contact.profile
                contact.profile = profile
            elif unite(contact, event, names, new_row):
                changed = True
        if changed or len(contact.enrollments) > enrollments:
            self._difference(known, shared, contact_id)
            return True
        if known.new:
            known.new = False
            return True
        return profile_changed

    def _difference(self, known: KnownContact, shared: dict[str, bytes], contact_id: str) -> None:
        contact, state = known.contact, self._state
        rows, cells, messages = known.rows, known.cells, known.shared
        self._went += known.parts
        known.remember(view(contact, state.names))
        known.new = False
        self._came += known.parts
        position = 0
        for enrollment in contact.enrollments:
            row = known.rows[position]
            new_cells = known.cells[position]
            old_cells: dict[int, int] = {}
            row_moved = True
            if position < len(rows):
                old_cells = cells[position]
                row_moved = row != rows[position]
            position += 1
            if not row_moved and old_cells == new_cells:
                continue
            number: int = enrollment.row
            chunk = state.chunk(enrollment.sequence, number)
            place = number % CHUNK_ROWS
            self._chunks[chunk.name] = 1
            if row_moved:
                self._strings[chunk.rows_key].append((place * _ROW_SIZE, row))
            for step, cell in new_cells.items():
                if cell != old_cells.get(step, 0):
                    self._strings[chunk.cells_key(step, state.names)].append((place * _CELL_SIZE, packed_cell(cell)))
            for step in old_cells:
                if step not in new_cells:
                    self._strings[chunk.cells_key(step, state.names)].append((place * _CELL_SIZE, packed_cell(0)))
        if messages != known.shared:
            shared[contact_id] = codec.encode_shared(known.shared)

    def _append(self, key: str, entries: list[str], length: int) -> None:
        if entries:
            self._commit.appends[key] = entries
            self._commit.lengths[key] = length

    def _count(self) -> None:
        """Spell the changes of the counters out into keys and fields."""
        names, account, counters = self._state.names, self._state.account, self._commit.counters
        moved = Counter(self._came)
        moved.subtract(Counter(self._went))
        changes: dict[int, int] = {}
        for part, times in moved.items():
            if times:
                spread(part, times, changes)
        for key, change in (*changes.items(), *account_wide(changes).items()):
            if not change:
                continue
            sequence, step, field = key >> 48, key >> 16 & 0xFFFFFFFF, key & 0xFFFF
            name = FIELDS[field]
            if not sequence:
                table = f"{self._prefix}account:{account}"
            elif step or field >= _FIRST_STEP_FIELD:
                table = f"{self._prefix}steps:{account}{SEPARATOR}{names.text(sequence)}"
                if step:
                    name = f"{name}:{names.text(step)}"
            else:
                table = f"{self._prefix}sequence:{account}{SEPARATOR}{names.text(sequence)}"
            fields = counters.setdefault(table, {})
            fields[name] = fields.get(name, 0) + change


def _profile(event: WireEvent | None) -> Profile | None:
    """The profile after a contact event; erasing and a tombstone (None) leave none."""
    if event is None or event.type == "contact.erased":
        return None
    data: Any = event.data
    return Profile(data.name, data.email, data.company_id, data.company_name)


def _joined(patches: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The patches in order of place, neighbours joined into one."""
    patches.sort()
    joined: list[tuple[int, bytes]] = []
    run: list[bytes] = []
    start = end = -1
    for place, patch in patches:
        if place != end:
            if run:
                joined.append((start, b"".join(run)))
            start, run = place, []
        run.append(patch)
        end = place + len(patch)
    joined.append((start, b"".join(run)))
    return joined
