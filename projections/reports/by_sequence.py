"""The numbers of every sequence, for the reports that have a line for each."""

from collections.abc import Mapping
from typing import NamedTuple

from projections.definitions import Definition
from projections.reports.recount import Recount
from projections.reports.request import Request
from projections.reports.shared_messages import SharedMessages
from projections.tables.parts import AccountCounters, Catalogue, Counts, SharedLists
from projections.tables.reading import Reading


class BySequence(NamedTuple):
    """The numbers of every sequence and of all together, as of one instant."""

    reading: Reading
    sequences: Mapping[str, tuple[Definition, Counts]]
    """Every sequence that any event has named, in order of id."""
    total: Counts


def by_sequence(request: Request, *, messages: bool = False, only_in_rows: bool = False) -> BySequence:
    """`messages`: whether numbers of basis messages will be asked for; `only_in_rows`: whether numbers that no counter has will be."""
    catalogue, total = Catalogue(), AccountCounters()
    if request.from_counters and not only_in_rows:
        reading, counters = request.reader.counters_of_sequences(request.account, catalogue, total)
        known = reading[catalogue]
        return BySequence(reading, {sequence: (known[sequence], counters[sequence]) for sequence in known}, reading[total])
    shared = SharedLists()
    snapshot = request.reader.rows(request.account, catalogue, *([shared] if messages else []))
    table = snapshot.table
    known = snapshot.reading[catalogue]
    # Sequences without rows are groups too, which nothing falls into.
    position = {sequence: number for number, sequence in enumerate([*table.sequences, *(known.keys() - set(table.sequences))])}
    scope = request.filters.scope(table.rows(), request.time_zone)
    found = SharedMessages.read(snapshot.reading[shared], scope.rows) if messages else None
    recount = Recount(scope, scope.rows.column("sequence"), max(1, len(position)), found)
    return BySequence(
        snapshot.reading,
        {sequence: (definition, recount.group(position[sequence])) for sequence, definition in known.items()},
        Recount(scope, shared=found).group(),
    )
