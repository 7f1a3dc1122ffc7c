"""What the rows do not say: which enrollment and which contact each of them is, and what people are called.

Ids never change within a generation, so they are read once and kept. Names do change, and an erasure has to be seen at once, so they are
read anew for every page: just after its numbers, which are as of one instant before.
"""

import threading
from collections.abc import Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec

from projections.contact import Enrollment, Profile
from projections.row_cache import Snapshot
from projections.rows import Column, Rows
from projections.tables.parts import ContactIds, ContactStates
from projections.tables.reading import Part, Reading, Tables
from projections.tables.store import StoreError

_AT_ONCE: Final = 5_000
"""Contacts whose states are read in one go."""


class Place(NamedTuple):
    """Where one enrollment stands in the tables of a generation."""

    sequence: str
    partition: int
    row: int
    """Its number within (sequence, partition)."""
    contact: int
    """The ordinal of its contact within the partition."""


class Identity(NamedTuple):
    """Which enrollment it is, together with its sequence."""

    enrollment_id: str
    contact_id: str


class Superseded(StoreError):
    """The tables are other ones than those that the rows came from: the question has to be asked anew."""

    def __init__(self) -> None:
        super().__init__("the tables were replaced while they were read; ask again")


class _Known(msgspec.Struct, array_like=True, gc=False):
    """A contact as `projections.contact.Contact` is packed, without unpacking the messages and facts."""

    ordinal: int
    base: int
    enrollments: list[Enrollment]
    messages: msgspec.Raw
    facts: msgspec.Raw
    profile: Profile | None = None


_decode: Final = msgspec.msgpack.Decoder(_Known).decode


def places(rows: Rows, positions: Column) -> list[Place]:
    """Where the rows at these positions stand."""
    sequences = rows.table.sequences
    partitions, numbers = rows.address(positions)
    _, ordinals = rows.table.ordinals(rows.column("contact").take(positions))
    named = (sequences[position] for position in rows.column("sequence").take(positions).tolist())
    return [Place(*place) for place in zip(named, partitions.tolist(), numbers.tolist(), ordinals.tolist(), strict=True)]


class _Account:
    """What is held of one account in one generation."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self, layout: object = None) -> None:
        self.layout = layout
        self.versions: list[int] = []
        self.contacts: list[list[str]] = []
        """partition -> ordinal -> contact id."""
        self.enrollments: dict[tuple[str, int], dict[int, str]] = {}
        """(sequence, partition) -> row -> enrollment id."""

    def contact(self, place: Place) -> str:
        return self.contacts[place.partition][place.contact]

    def enrollment(self, place: Place) -> str | None:
        return self.enrollments.get((place.sequence, place.partition), {}).get(place.row)


class Identities:
    """Keeps the ids of every account that it was asked for. May be used by several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._accounts: dict[str, _Account] = {}
        self._lock = threading.Lock()

    def of(self, snapshot: Snapshot, places: Sequence[Place]) -> list[Identity]:
        """Who is at these places of the snapshot; nothing is read for those that are known. Raises `Superseded`, `StoreError`."""
        held = self._held(snapshot)
        with held.lock:
            _enter(held, snapshot.reading)
            if any(place.partition >= len(held.contacts) or place.contact >= len(held.contacts[place.partition]) for place in places):
                news = ContactIds(tuple(map(len, held.contacts)))
                for partition, contact_ids in enumerate(self._read(held, snapshot, news)[news]):
                    if partition == len(held.contacts):
                        held.contacts.append([])
                    held.contacts[partition] += contact_ids
            unknown = iter({(place.partition, held.contact(place)): None for place in places if held.enrollment(place) is None})
            while some := tuple(islice(unknown, _AT_ONCE)):
                self._learn(held, snapshot, ContactStates(some))
            return [_identity(held, place) for place in places]

    def profiles(self, snapshot: Snapshot, contacts: Sequence[tuple[int, str]]) -> list[Profile | None]:
        """What these contacts, each with its partition, are called now; None without a profile. Raises `Superseded`, `StoreError`."""
        held = self._held(snapshot)
        states = ContactStates(tuple(dict.fromkeys(contacts)))
        with held.lock:
            _enter(held, snapshot.reading)
            packed = self._read(held, snapshot, states)[states]
        profiles = {contact: None if one is None else _decode(one).profile for contact, one in packed.items()}
        return [profiles[contact] for contact in contacts]

    def _held(self, snapshot: Snapshot) -> _Account:
        with self._lock:
            return self._accounts.setdefault(snapshot.reading.keys.account, _Account())

    def _learn(self, held: _Account, snapshot: Snapshot, states: ContactStates) -> None:
        names = snapshot.table.names
        codes = names.known()
        for (partition, _), packed in self._read(held, snapshot, states)[states].items():
            for one in () if packed is None else _decode(packed).enrollments:
                if one.sequence <= codes[partition]:  # a later one is of no row of the snapshot
                    sequence = names.within(partition, one.sequence)
                    held.enrollments.setdefault((sequence, partition), {})[one.row] = one.enrollment_id

    def _read(self, held: _Account, snapshot: Snapshot, part: Part[Any]) -> Reading:
        """A reading of the same tables as the snapshot's."""
        reading = self._tables.read(snapshot.reading.keys.account, part)
        versions = [progress.version for progress in reading.progress]
        if reading.keys.layout != held.layout or any(now < before for now, before in zip(versions, held.versions, strict=True)):
            held.forget()
            raise Superseded
        held.versions = versions
        return reading


def _enter(held: _Account, reading: Reading) -> None:
    """Whatever is read from now on has to be as new as the snapshot at least."""
    if held.layout != reading.keys.layout:
        held.forget(reading.keys.layout)
        held.versions = [0] * len(reading.progress)
    held.versions = [max(known, progress.version) for known, progress in zip(held.versions, reading.progress, strict=True)]


def _identity(held: _Account, place: Place) -> Identity:
    enrollment_id = held.enrollment(place)
    if enrollment_id is None:
        raise StoreError(f"row {place.row} of {place.sequence!r} belongs to no contact: project the log anew into an empty Redis")
    return Identity(enrollment_id, held.contact(place))
