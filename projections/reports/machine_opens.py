"""The report `opens`: the open rate beside the one from which opens of machines are gone."""

from typing import Any

from pydantic import BaseModel

from projections.reports.as_of import AsOf, as_of
from projections.reports.by_sequence import by_sequence
from projections.reports.parameters import Basis, Opens
from projections.reports.performance import Ways
from projections.reports.rates import Rate, adjusted_open, fraction, rate_of
from projections.reports.request import Request
from projections.tables.parts import Counts


class OpenRates(BaseModel):
    """Both open rates of one scope."""

    plain: Rate
    adjusted: Rate
    """Without what was opened by machines only, in numerator and denominator."""
    machine_only: int
    """How many that are."""


class SequenceOpenRates(BaseModel):
    """Both open rates of one sequence."""

    sequence_id: str
    name: str | None
    plain: Rate
    adjusted: Rate
    machine_only: int


class MachineOpens(BaseModel):
    """Both open rates, of all together and of every sequence, by id."""

    basis: Basis
    opens: Opens
    total: OpenRates
    sequences: list[SequenceOpenRates]
    as_of: AsOf


def machine_opens(request: Request, ways: Ways) -> MachineOpens:
    basis, opens = ways
    counted = by_sequence(request, messages=basis == "messages")
    return MachineOpens(
        basis=basis,
        opens=opens,
        total=OpenRates(**_both(counted.total, basis, opens)),
        sequences=[
            SequenceOpenRates(sequence_id=sequence, name=definition.name, **_both(counts, basis, opens))
            for sequence, (definition, counts) in counted.sequences.items()
        ],
        as_of=as_of(counted.reading, request.ends),
    )


def _both(counts: Counts, basis: Basis, opens: Opens) -> dict[str, Any]:
    everything = rate_of(counts, fraction("open", basis, opens), basis)
    adjusted = rate_of(counts, adjusted_open(basis), basis)
    return {"plain": everything, "adjusted": adjusted, "machine_only": everything.denominator - adjusted.denominator}
