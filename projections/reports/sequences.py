"""The report `sequences`: one line for each sequence, in any order."""

from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from events.rfc3339 import format_time
from projections.definitions import Definition
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.by_sequence import by_sequence
from projections.reports.ordering import nulls_last
from projections.reports.parameters import Basis, Opens, Order, Parameter
from projections.reports.rates import RATES, Rates, flag, rates, started
from projections.reports.request import Query, Request
from projections.tables.parts import Counts


class SequenceLine(BaseModel):
    """One sequence."""

    sequence_id: str
    name: str | None
    owner_id: str | None
    archived: bool
    created_at: str | None
    enrollments: int
    contacts: int
    opens: int
    """Enrollments with an open; likewise the three below."""
    clicks: int
    replies: int
    meetings: int
    opens_total: int
    """Opens; likewise the three below."""
    clicks_total: int
    replies_total: int
    meetings_total: int
    rates: Rates


class Sequences(BaseModel):
    """Every sequence that any event has named."""

    sequences: list[SequenceLine]
    as_of: AsOf


_COLUMNS: Final = tuple(name for name in SequenceLine.model_fields if name != "rates")
SORT: Final = Parameter("sort", "The column to sort by, or the rate.", choices=(*_COLUMNS, *RATES), default="contacts")
assert len(set(SORT.choices)) == len(SORT.choices), "no rate is called as a column is"


class Options(NamedTuple):
    """How the lines are made and ordered."""

    basis: Basis
    opens: Opens
    sort: str
    order: Order


def read(query: Query) -> Options:
    given = query.given
    return Options(parameters.basis(given), parameters.opens(given), parameters.choice(given, SORT), parameters.order(given))


def sequences(request: Request, options: Options) -> Sequences:
    basis, opens, sort, order = options
    counted = by_sequence(request, messages=basis == "messages")
    lines = [(definition, line(sequence, definition, counts, basis, opens)) for sequence, (definition, counts) in counted.sequences.items()]
    ordered = nulls_last(lines, lambda one: _value(*one, sort), order)
    return Sequences(sequences=[one for _, one in ordered], as_of=as_of(counted.reading, request.ends))


def _value(definition: Definition, one: SequenceLine, sort: str) -> Any:
    """What a line is sorted by."""
    if sort in RATES:
        return getattr(one.rates, sort).value
    # Times sort as instants: as text, a time with a fraction would come before the same time without.
    return definition.created_at if sort == "created_at" else getattr(one, sort)


def line(sequence: str, definition: Definition, counts: Counts, basis: Basis, opens: Opens) -> SequenceLine:
    """The line of a sequence with these numbers."""
    return SequenceLine(
        sequence_id=sequence,
        name=definition.name,
        owner_id=definition.owner_id,
        archived=definition.archived,
        created_at=None if definition.created_at is None else format_time(definition.created_at),
        enrollments=started(counts),
        contacts=counts["contacts.all"],
        opens=counts[f"enrollments.{flag('opened', opens)}"],
        clicks=counts[f"enrollments.{flag('clicked', opens)}"],
        replies=counts["enrollments.replied"],
        meetings=counts["enrollments.met"],
        opens_total=counts["total.opens"],
        clicks_total=counts["total.clicks"],
        replies_total=counts["total.replies"],
        meetings_total=counts["total.meetings"],
        rates=rates(counts, basis, opens),
    )
