"""The report `engagement`: how many distinct contacts of each sequence did what."""

from pydantic import BaseModel

from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.by_sequence import by_sequence
from projections.reports.parameters import Opens
from projections.reports.rates import flag
from projections.reports.request import Query, Request


class SequenceEngagement(BaseModel):
    """Distinct contacts of one sequence."""

    sequence_id: str
    name: str | None
    contacts: int
    opened: int
    clicked: int
    replied: int
    met: int
    unsubscribed: int
    bounced: int


class Engagement(BaseModel):
    """Every sequence that any event has named, most contacts first."""

    sequences: list[SequenceEngagement]
    as_of: AsOf


_FLAGS = ("opened", "clicked", "replied", "met", "unsubscribed", "bounced")


def read(query: Query) -> Opens:
    return parameters.opens(query.given)


def engagement(request: Request, opens: Opens) -> Engagement:
    counted = by_sequence(request)
    lines = [
        SequenceEngagement(
            sequence_id=sequence,
            name=definition.name,
            contacts=counts["contacts.all"],
            **{name: counts[f"contacts.{flag(name, opens)}"] for name in _FLAGS},
        )
        for sequence, (definition, counts) in counted.sequences.items()
    ]
    return Engagement(sequences=sorted(lines, key=lambda line: -line.contacts), as_of=as_of(counted.reading, request.ends))
