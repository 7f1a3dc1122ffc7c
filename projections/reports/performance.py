"""The reports `performance` (of one sequence) and `analyze` (of all of them)."""

from typing import Any

from pydantic import BaseModel, create_model

from projections.meaning import OUTCOMES, TOTALS
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.errors import NotFound
from projections.reports.parameters import Basis, Opens
from projections.reports.rates import Rates, rates, started
from projections.reports.request import Query, Request
from projections.tables.parts import AccountCounters, Counts, SequenceCounters, SequenceDefinition


class Enrollments(BaseModel):
    """How many enrollments, by what they are now."""

    started: int
    contacts: int
    """Distinct contacts of the started ones."""
    live: int
    active: int
    paused: int
    scheduled: int
    orphan: int


_integers: Any = dict.fromkeys(OUTCOMES, (int, ...))
Outcomes = create_model("Outcomes", __doc__="Started enrollments by how they came out; they add up to all of them.", **_integers)
_integers = dict.fromkeys(TOTALS, (int, ...))
Totals = create_model("Totals", __doc__="Numbers that are counted for each enrollment by itself and added up.", **_integers)


class Performance(BaseModel):
    """The numbers of one sequence."""

    account: str
    sequence_id: str
    name: str | None
    filters: dict[str, list[str] | str]
    opens: Opens
    basis: Basis
    enrollments: Enrollments
    rates: Rates
    outcomes: Outcomes
    totals: Totals
    as_of: AsOf


class Analyze(BaseModel):
    """The numbers of all sequences of an account together."""

    account: str
    filters: dict[str, list[str] | str]
    opens: Opens
    basis: Basis
    enrollments: Enrollments
    rates: Rates
    outcomes: Outcomes
    totals: Totals
    as_of: AsOf


Ways = tuple[Basis, Opens]
"""How rates are counted, and whose opens and clicks count."""


def read(query: Query) -> Ways:
    return parameters.basis(query.given), parameters.opens(query.given)


def performance(request: Request, ways: Ways) -> Performance:
    """Raises `NotFound` for a sequence that no event has named."""
    basis, opens = ways
    part = SequenceDefinition(request.subject)
    reading, counts = request.numbers(SequenceCounters(request.subject), part, messages=basis == "messages")
    definition = reading[part]
    if definition is None:
        raise NotFound("sequence", request.subject)
    return Performance(
        account=request.account,
        sequence_id=request.subject,
        name=definition.name,
        **_numbers(request, counts, basis, opens),
        as_of=as_of(reading, request.ends),
    )


def analyze(request: Request, ways: Ways) -> Analyze:
    basis, opens = ways
    reading, counts = request.numbers(AccountCounters(), None, messages=basis == "messages")
    return Analyze(account=request.account, **_numbers(request, counts, basis, opens), as_of=as_of(reading, request.ends))


def _numbers(request: Request, counts: Counts, basis: Basis, opens: Opens) -> dict[str, Any]:
    """What both reports say."""
    active, paused = counts["status.active"], counts["status.paused"]
    return {
        "filters": request.filters.echo(),
        "opens": opens,
        "basis": basis,
        "enrollments": Enrollments(
            started=started(counts),
            contacts=counts["contacts.all"],
            live=active + paused,
            active=active,
            paused=paused,
            scheduled=counts["status.scheduled"],
            orphan=counts["status.orphan"],
        ),
        "rates": rates(counts, basis, opens),
        "outcomes": Outcomes(**{name: counts[f"outcome.{name}"] for name in OUTCOMES}),
        "totals": Totals(**{name: counts[f"total.{name}"] for name in TOTALS}),
    }
