"""The leading numbers of sequences, without filters: what live readers are shown."""

from collections.abc import Collection
from typing import NamedTuple

from pydantic import BaseModel

from projections.reports.as_of import AsOf, Ends, as_of
from projections.reports.rates import Rates, rates, started
from projections.reports.sequences import SequenceLine, line
from projections.tables.parts import AccountCounters, Catalogue, SequenceCounters, SequenceDefinition
from projections.tables.reader import Reader
from projections.versions import Versions


class Total(BaseModel):
    """All sequences together, in basis contacts."""

    enrollments: int
    contacts: int
    rates: Rates


class Headlines(NamedTuple):
    """Lines as those of the report `sequences`, and what they are as of; all as of one instant."""

    lines: dict[str, SequenceLine]
    """By sequence."""
    total: Total
    as_of: AsOf
    versions: Versions


def headlines(reader: Reader, account: str, sequences: Collection[str] | None, ends: Ends | None) -> Headlines:
    """Those of some sequences, or (None) of all that any event has named. Raises `StoreError`."""
    total = AccountCounters()
    if sequences is None:
        catalogue = Catalogue()
        reading, counters = reader.counters_of_sequences(account, catalogue, total)
        lines = {name: line(name, definition, counters[name], "contacts", "human") for name, definition in reading[catalogue].items()}
    else:
        parts = {name: (SequenceDefinition(name), SequenceCounters(name)) for name in sequences}
        reading = reader.read(account, total, *(part for both in parts.values() for part in both))
        lines = {
            name: line(name, found, reading[counts], "contacts", "human")
            for name, (definition, counts) in parts.items()
            if (found := reading[definition]) is not None
        }
    counts = reading[total]
    return Headlines(
        lines,
        Total(enrollments=started(counts), contacts=counts["contacts.all"], rates=rates(counts, "contacts", "human")),
        as_of(reading, ends),
        Versions.of(reading),
    )
