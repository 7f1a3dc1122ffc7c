"""What a worker holds of one partition between commits: its progress, its dictionaries, and the contacts it has met lately."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from projections import codec
from projections.codec import SharedMessage
from projections.contact import Contact
from projections.contribution import cells, parts, row, shared_messages
from projections.enrollment_view import ContactView
from projections.names import Names
from projections.tables.layout import CHUNK_ROWS, SEPARATOR
from projections.tables.store import Question, WritableStore
from projections.view import view

_NAMES_AT_ONCE: Final = 50_000


class KnownContact:
    """A contact with what it adds to the tables as they stand in the store, against which the next commit takes the difference.

    What is remembered is in tuples, which the garbage collector needs not to go through again and again as long as they hold no containers.
    """

    __slots__ = ("cells", "contact", "new", "parts", "rows", "shared")

    def __init__(self, contact: Contact, seen: ContactView | None) -> None:
        self.contact = contact
        self.new = seen is None
        self.rows: tuple[bytes, ...] = ()
        self.cells: tuple[dict[int, int], ...] = ()
        self.parts: tuple[int, ...] = ()
        self.shared: tuple[SharedMessage, ...] = ()
        if seen is not None:
            self.remember(seen)

    def remember(self, seen: ContactView) -> None:
        """Take the view as the one that the store will show."""
        contact = self.contact
        self.rows = tuple([row(contact, enrollment) for enrollment in seen.enrollments])
        self.cells = tuple([cells(enrollment) for enrollment in seen.enrollments])
        self.parts = tuple(parts(contact, seen))
        self.shared = tuple(shared_messages(contact, seen))


class Chunk:
    """Where one chunk of a sequence's rows lies; see `tables.layout`."""

    __slots__ = ("_cell_keys", "_cells_key", "name", "rows_key")

    def __init__(self, prefix: str, partition: int, account: str, sequence_id: str, number: int) -> None:
        place = f"{partition}:{number}:{account}{SEPARATOR}{sequence_id}"
        self.name = f"{partition}:{number}:{sequence_id}"
        self.rows_key = f"{prefix}rows:{place}"
        self._cells_key = f"{prefix}cells:{place}{SEPARATOR}"
        self._cell_keys: dict[int, str] = {}

    def cells_key(self, step: int, names: Names) -> str:
        """The key of a step's cells (`step` is a names code)."""
        key = self._cell_keys.get(step)
        if key is None:
            key = self._cell_keys[step] = self._cells_key + names.text(step)
        return key


class AccountState:
    """One account within one partition."""

    __slots__ = ("_chunks", "_partition", "_prefix", "account", "contact_count", "contacts", "names", "rows")

    def __init__(self, prefix: str, partition: int, account: str, names: Names, contact_count: int, rows: dict[str, int]) -> None:
        self.account = account
        self.names = names
        self.contact_count = contact_count
        self.rows = {names.code(sequence_id): count for sequence_id, count in rows.items()}
        self.contacts: dict[str, KnownContact] = {}  # least recently used first
        self._prefix, self._partition = prefix, partition
        self._chunks: dict[int, list[Chunk]] = {}

    def new_row(self, sequence: int) -> int:
        """The next row number of a sequence (names code)."""
        number = self.rows.get(sequence, 0)
        self.rows[sequence] = number + 1
        return number

    def chunk(self, sequence: int, row: int) -> Chunk:
        """The chunk that holds a row of a sequence (names code)."""
        chunks = self._chunks.get(sequence)
        if chunks is None:
            chunks = self._chunks[sequence] = []
        number = row // CHUNK_ROWS
        while len(chunks) <= number:
            chunks.append(Chunk(self._prefix, self._partition, self.account, self.names.text(sequence), len(chunks)))
        return chunks[number]

    def evict(self, keep: int) -> None:
        """Forget the contacts least recently used, down to `keep`."""
        for contact_id in list(self.contacts)[: max(0, len(self.contacts) - keep)]:
            del self.contacts[contact_id]


class PartitionState:
    """One partition as of a version."""

    __slots__ = ("accounts", "offsets", "partition", "prefix", "version")

    def __init__(self, prefix: str, partition: int, version: int, offsets: dict[str, int]) -> None:
        self.partition = partition
        self.version = version
        self.offsets = offsets
        self.accounts: dict[str, AccountState] = {}
        self.prefix = prefix

    @property
    def progress_key(self) -> str:
        return f"{self.prefix}partition:{self.partition}"

    def account(self, account: str) -> AccountState:
        state = self.accounts.get(account)
        if state is None:
            state = self.accounts[account] = AccountState(self.prefix, self.partition, account, Names(), 0, {})
        return state

    async def load_contacts(self, store: WritableStore, wanted: Mapping[str, Iterable[str]]) -> None:
        """Bring the contacts (account -> contact ids) that are not held yet into memory; unknown ones are left out."""
        missing = {
            account: absent
            for account, contact_ids in wanted.items()
            if (absent := [contact_id for contact_id in contact_ids if contact_id not in self.account(account).contacts])
        }
        if not missing:
            return
        answers = await store.ask(
            [("HMGET", f"{self.prefix}contacts:{self.partition}:{account}", *ids) for account, ids in missing.items()]
        )
        for (account, ids), found in zip(missing.items(), answers, strict=True):
            state = self.account(account)
            for contact_id, packed in zip(ids, found, strict=True):
                if packed is not None:
                    contact = codec.decode(packed)
                    state.contacts[contact_id] = KnownContact(contact, view(contact, state.names))


async def load_partition(store: WritableStore, prefix: str, partition: int) -> PartitionState:
    """The partition as the store has it. What was never written has version 0 and offsets 0."""
    key = f"{prefix}partition:{partition}"
    (progress,) = await store.ask([("HGETALL", key)])
    fields = {name.decode(): int(value) for name, value in progress.items()}
    state = PartitionState(
        prefix, partition, fields.get("version", 0), {name.partition(":")[2]: n for name, n in fields.items() if name.startswith("offset:")}
    )
    for name, count in fields.items():
        if name.startswith("contacts:"):
            account = name.partition(":")[2]
            rows = {
                field.partition(SEPARATOR)[2]: number for field, number in fields.items() if field.startswith(f"rows:{account}{SEPARATOR}")
            }
            names = await _load_names(store, f"{prefix}names:{partition}:{account}", fields.get(f"names:{account}", 0))
            state.accounts[account] = AccountState(prefix, partition, account, names, count, rows)
    return state


async def _load_names(store: WritableStore, key: str, count: int) -> Names:
    texts: list[str] = []
    questions: Sequence[Question] = [("LRANGE", key, first, first + _NAMES_AT_ONCE - 1) for first in range(0, count, _NAMES_AT_ONCE)]
    for question in questions:
        (entries,) = await store.ask([question])
        texts += (entry.decode() for entry in entries)
    return Names(texts)
