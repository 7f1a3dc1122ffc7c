"""One partition of a generation as it is stored, read a page of contacts at a time, each page as of one instant.

Workers may commit between two pages. So a page comes with the offsets that it was read at; what a partition holds as a whole is read apart.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from events.topics import SOURCE_TOPICS
from projections import codec
from projections.canonical import SpelledContact, spell
from projections.contact import Contact
from projections.cut import Progress
from projections.difference import Difference
from projections.names import Names
from projections.tables.layout import CHUNK_ROWS, ROW, SEPARATOR, STEP_CELL
from projections.tables.store import Question, Store

_IDS_AT_ONCE: Final = 5000
_UNREADABLE: Final = (msgspec.DecodeError, IndexError)
_OFFSETS: Final = tuple(f"offset:{topic}" for topic in SOURCE_TOPICS)

Chunk = tuple[str, int]
"""Sequence id, number of the chunk."""
Cells = tuple[str, int, str]
"""Sequence id, number of the chunk, step id."""


class StoredContact(NamedTuple):
    """A contact as stored. `rows`: (sequence id, row number) of its enrollments. `spelled` is None where `fault` says why."""

    ordinal: int
    rows: tuple[tuple[str, int], ...]
    spelled: SpelledContact | None
    fault: str | None = None


class Page(NamedTuple):
    """Contacts as of one instant; None for one that is not there. `faults` are what is wrong with the strings of the chunks."""

    offsets: Mapping[str, int]
    contacts: Mapping[str, StoredContact | None]
    faults: Sequence[Difference]


class Whole(NamedTuple):
    """What one account has in the partition beside its contacts. `later_ids`: the contact ids from the position asked for."""

    contacts: int
    names: Sequence[str]
    later_ids: Sequence[str]
    chunks: Mapping[str, int]
    shared: frozenset[str]


class StoredPartition:
    """One partition of a generation; `prefix` is that of its shard."""

    def __init__(self, store: Store, prefix: str, partition: int) -> None:
        self._store = store
        self._prefix = prefix
        self._partition = partition
        self._progress_key = f"{prefix}partition:{partition}"
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        self._names: defaultdict[str, Names] = defaultdict(Names)

    def progress(self) -> Progress:
        (answer,) = self._store.read([("HGETALL", self._progress_key)])
        return Progress.of(answer)

    def contact_ids(self, account: str) -> Iterator[tuple[int, str]]:
        """Position and id of every contact that is listed when this is first asked, in the order of their positions."""
        key = self._key("contact-ids", account)
        (length,) = self._store.read([("LLEN", key)])
        for first in range(0, length, _IDS_AT_ONCE):
            (found,) = self._store.read([("LRANGE", key, first, min(first + _IDS_AT_ONCE, length) - 1)])
            yield from enumerate((contact_id.decode() for contact_id in found), first)

    def read(self, account: str, contact_ids: Sequence[str], steps: Mapping[str, Iterable[str]] | None = None) -> Page:
        """These contacts with all that is stored of them. `steps`: sequence id -> steps to look for cells of, beside the contacts' own.

        Which chunks are needed is known once the contacts are read, so all is read again together until nothing is missing.
        """
        chunks: list[Chunk] = []
        cells: list[Cells] = []
        while True:
            sequences = sorted({sequence_id for sequence_id, _ in chunks})
            counts = (f"rows:{account}{SEPARATOR}{sequence_id}" for sequence_id in sequences)
            progress, later_names, packed, shared, *strings = self._store.read(
                [
                    ("HMGET", self._progress_key, *_OFFSETS, *counts),
                    ("LRANGE", self._key("names", account), len(self._texts[account]), -1),
                    ("HMGET", self._key("contacts", account), *contact_ids),
                    ("HMGET", self._key("shared", account), *contact_ids),
                    *(("GET", f"{self._key(f'rows:{number}', account, sequence_id)}") for sequence_id, number in chunks),
                    *(("GET", self._key(f"cells:{number}", account, sequence_id, step)) for sequence_id, number, step in cells),
                ]
            )
            if later_names:
                self._texts[account] += (name.decode() for name in later_names)
                self._names[account] = Names(self._texts[account])
            names = self._names[account]
            states = [None if state is None else _decoded(state) for state in packed]
            needed = _needed([state for state in states if isinstance(state, Contact)], names, steps or {})
            if needed <= {*chunks, *cells}:
                break
            wanted = {*needed, *chunks, *cells}
            chunks = sorted(one for one in wanted if len(one) == 2)
            cells = sorted(one for one in wanted if len(one) == 3)
        stored = _Strings(dict(zip(chunks, strings[: len(chunks)], strict=True)), dict(zip(cells, strings[len(chunks) :], strict=True)))
        offsets = {topic: int(offset or 0) for topic, offset in zip(SOURCE_TOPICS, progress[: len(_OFFSETS)], strict=True)}
        rows = {sequence_id: int(count or 0) for sequence_id, count in zip(sequences, progress[len(_OFFSETS) :], strict=True)}
        return Page(
            offsets,
            {
                contact_id: None if state is None else stored.contact(contact_id, state, names, messages)
                for contact_id, state, messages in zip(contact_ids, states, shared, strict=True)
            },
            list(stored.faults(account, rows, self._partition)),
        )

    def whole(self, accounts: Mapping[str, int]) -> tuple[Progress, dict[str, Whole]]:
        """The partition as of one instant. `accounts`: account -> the position from which its contact ids are asked for."""
        questions: list[Question] = [("HGETALL", self._progress_key)]
        for account, first in accounts.items():
            questions += [
                ("HLEN", self._key("contacts", account)),
                ("LRANGE", self._key("names", account), 0, -1),
                ("LRANGE", self._key("contact-ids", account), first, -1),
                ("HGETALL", f"{self._prefix}chunks:{account}"),
                ("HGETALL", self._key("shared", account)),
            ]
        progress, *answers = self._store.read(questions)
        ours = f"{self._partition}:"
        found = {}
        for account, at in zip(accounts, range(0, len(answers), 5), strict=True):
            contacts, names, later_ids, chunks, shared = answers[at : at + 5]
            found[account] = Whole(
                contacts,
                [name.decode() for name in names],
                [contact_id.decode() for contact_id in later_ids],
                {name: int(version) for chunk, version in chunks.items() if (name := chunk.decode()).startswith(ours)},
                frozenset(contact_id.decode() for contact_id, packed in shared.items() if codec.decode_shared(packed)),
            )
        return Progress.of(progress), found

    def unlisted(self, account: str) -> list[str]:
        """Contacts that have a state and no place in `contact-ids`."""
        states, listed = self._store.read(
            [("HGETALL", self._key("contacts", account)), ("LRANGE", self._key("contact-ids", account), 0, -1)]
        )
        return sorted(contact_id.decode() for contact_id in states.keys() - set(listed))

    def _key(self, table: str, account: str, *more: str) -> str:
        name, _, number = table.partition(":")
        place = f"{self._partition}:{number}" if number else f"{self._partition}"
        return f"{self._prefix}{name}:{place}:{SEPARATOR.join((account, *more))}"


def pages(contact_ids: Iterable[tuple[int, str]], size: int = 500) -> Iterator[list[tuple[int, str]]]:
    """Positions and ids in runs of a size that is read in one piece."""
    remaining = iter(contact_ids)
    while page := list(islice(remaining, size)):
        yield page


def _decoded(state: bytes) -> Contact | str:
    try:
        return codec.decode(state)
    except msgspec.DecodeError as error:
        return f"cannot be read: {error}"


def _needed(contacts: Sequence[Contact], names: Names, steps: Mapping[str, Iterable[str]]) -> set[Any]:
    """The chunks of rows and of cells that hold something of these contacts."""
    found: set[Any] = set()
    known = len(names)
    for contact in contacts:
        named = {names.text(fact[5]) for fact in contact.facts if 0 < fact[5] <= known}
        for enrollment in contact.enrollments:
            if enrollment.sequence <= known:
                sequence_id, number = names.text(enrollment.sequence), enrollment.row // CHUNK_ROWS
                found.add((sequence_id, number))
                found.update([(sequence_id, number, step) for step in named.union(steps.get(sequence_id, ()))])
    return found


class _Strings:
    """Chunks of rows and of cells, None where there is none."""

    def __init__(self, rows: Mapping[Chunk, bytes | None], cells: Mapping[Cells, bytes | None]) -> None:
        self._rows = {chunk: packed or b"" for chunk, packed in rows.items()}
        self._cells: defaultdict[Chunk, list[tuple[str, bytes]]] = defaultdict(list)
        for (sequence_id, number, step), packed in cells.items():
            if packed:
                self._cells[sequence_id, number].append((step, packed))

    def contact(self, contact_id: str, state: Contact | str, names: Names, shared: bytes | None) -> StoredContact:
        if isinstance(state, str):
            return StoredContact(-1, (), None, state)
        try:
            places = tuple((names.text(known.sequence), known.row) for known in state.enrollments)
            rows, cells = [], []
            for sequence_id, number in places:
                chunk, place = divmod(number, CHUNK_ROWS)
                rows.append(_record(self._rows[sequence_id, chunk], place, ROW.itemsize))
                cells.append(
                    {step: _record(packed, place, STEP_CELL.itemsize) for step, packed in self._cells.get((sequence_id, chunk), ())}
                )
            messages = codec.decode_shared(shared) if shared else []
            return StoredContact(state.ordinal, places, spell(contact_id, state, names, rows, cells, messages))
        except _UNREADABLE as error:
            return StoredContact(state.ordinal, (), None, f"points at what is not there: {error}")

    def faults(self, account: str, in_use: Mapping[str, int], partition: int) -> Iterator[Difference]:
        """Chunks that have other rows than the count says, and cells beyond the rows."""
        for (sequence_id, number), packed in self._rows.items():
            rows = min(max(in_use[sequence_id] - number * CHUNK_ROWS, 0), CHUNK_ROWS)
            if len(packed) != rows * ROW.itemsize:
                cell = f"bytes of chunk {number}"
                yield Difference("rows", cell, len(packed), rows * ROW.itemsize, account, sequence=sequence_id, partition=partition)
            for step, cells in self._cells.get((sequence_id, number), ()):
                if any(cells[rows * STEP_CELL.itemsize :]):
                    cell = f"cells beyond the rows of chunk {number}:{step}"
                    yield Difference("cells", cell, len(cells), None, account, sequence=sequence_id, partition=partition)


def _record(packed: bytes, place: int, size: int) -> bytes:
    """The record at a place; b"" where the string does not go so far."""
    record = packed[place * size : (place + 1) * size]
    return record if len(record) == size else b""
