"""What every report reads from."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from projections.contact_events import ContactEvents
from projections.identities import Identities
from projections.row_cache import RowCache, Snapshot
from projections.tables.parts import Catalogue, Counts, SequenceCounters
from projections.tables.reading import Part, Reading, Tables
from projections.tables.store import Store


class Reader:
    """Reads the active generation of a store, and keeps the rows of its accounts in memory. As safe for threads as the store is.

    `shards` and `partitions` count only for a generation that `tally:generations` does not describe, such as that of an empty store.
    """

    def __init__(self, store: Store, *, shards: int = 1, partitions: int = 4) -> None:
        self._tables = Tables(store, shards=shards, partitions=partitions)
        self._rows = RowCache(self._tables)
        self.identities = Identities(self._tables)
        """Who the enrollments in the rows are."""
        self.contact_events = ContactEvents()
        """What happened to a contact, which the log knows."""
        self._sequences: dict[str, tuple[str, ...]] = {}
        self._standing: Reading | None = None

    def standing_at(self, reading: Reading) -> "Reader":
        """This reader, for questions that may be answered as of a reading: it does not ask for rows that it has as of then."""
        reader = copy(self)
        reader._standing = reading
        return reader

    def read(self, account: str, *parts: Part[Any]) -> Reading:
        """Everything the parts ask for, as of one instant, in one round trip. Raises `StoreError`."""
        return self._tables.read(account, *parts)

    def rows(self, account: str, *parts: Part[Any], cells_of: Sequence[str] | None = ()) -> Snapshot:
        """The rows of the account, and the step cells of the sequences `cells_of` (None: of all), with the answers to the parts, all as of
        one instant. Raises `StoreError`."""
        standing = None if self._standing is None or self._standing.keys.account != account else self._standing
        return self._rows.snapshot(account, *parts, cells_of=cells_of, standing=standing)

    def counters_of_sequences(self, account: str, catalogue: Catalogue, *parts: Part[Any]) -> tuple[Reading, Mapping[str, Counts]]:
        """The catalogue, the counters of every sequence in it, and the answers to the parts, as of one instant.

        One round trip, and one more whenever there are sequences that this reader has not seen yet. Raises `StoreError`.
        """
        while True:
            asked = {sequence: SequenceCounters(sequence) for sequence in self._sequences.get(account, ())}
            reading = self.read(account, catalogue, *parts, *asked.values())
            known = reading[catalogue].keys()
            if known <= asked.keys():
                return reading, {sequence: reading[asked[sequence]] for sequence in known}
            self._sequences[account] = tuple(known)
