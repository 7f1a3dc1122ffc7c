"""The report `variants`: side by side, and what may be concluded."""

from typing import Final, NamedTuple

from pydantic import BaseModel

from projections.reports import parameters, proportions
from projections.reports.as_of import AsOf, as_of
from projections.reports.breakdown import Breakdown
from projections.reports.parameters import Basis, Opens, Parameter
from projections.reports.proportions import Comparison
from projections.reports.rates import count, fraction
from projections.reports.request import Query, Request
from projections.tables.parts import Counts

ENOUGH: Final = 100
"""Contacts below which it is too early to conclude anything."""
BASELINE: Final = Parameter("baseline", "The variant that the others are compared with; the first by id unless set.", kind="id")


class Proportion(BaseModel):
    """A rate of contacts with its 95 % interval."""

    numerator: int
    denominator: int
    basis: Basis
    value: float | None
    low: float | None
    high: float | None


class VariantRates(BaseModel):
    """Of the distinct contacts of the variant."""

    open: Proportion
    click: Proportion
    reply: Proportion
    meeting: Proportion


class Comparisons(BaseModel):
    """Each rate against that of the baseline."""

    open: Comparison
    click: Comparison
    reply: Comparison
    meeting: Comparison


class Variant(BaseModel):
    """One variant."""

    variant: str
    contacts: int
    """Distinct ones."""
    rates: VariantRates
    too_early: bool
    """Whether it, or the baseline, has fewer contacts than a conclusion needs."""
    against_baseline: Comparisons | None
    """null for the baseline itself."""


class Variants(BaseModel):
    """The variants in scope, by id."""

    baseline: str | None
    """null if there is none."""
    no_variant: int
    """Distinct contacts with an enrollment without a variant."""
    variants: list[Variant]
    as_of: AsOf


_RATES: Final = tuple(VariantRates.model_fields)


class Options(NamedTuple):
    """What the others are compared with, and whose opens count."""

    baseline: str | None
    opens: Opens


def read(query: Query) -> Options:
    """Raises `MissingLibrary` too."""
    baseline = parameters.single(query.given, BASELINE.name)
    if baseline is not None:
        parameters.check_id(BASELINE.name, baseline)
    opens = parameters.opens(query.given)
    proportions.require()
    return Options(baseline, opens)


def variants(request: Request, options: Options) -> Variants:
    snapshot = request.reader.rows(request.account)
    scope = request.filters.scope(snapshot.table.rows(), request.time_zone)
    counted = Breakdown(scope, ["variant"], request.time_zone).by_label()
    without = counted.pop(None, None)
    made = {name: {rate: _counted(counted[name], rate, options.opens) for rate in _RATES} for name in sorted(filter(None, counted))}
    baseline = next(iter(made), None) if options.baseline is None else options.baseline
    nobody = dict.fromkeys(_RATES, (0, 0))
    base = made.get(baseline, nobody) if baseline is not None else nobody
    return Variants(
        baseline=baseline,
        no_variant=0 if without is None else without["contacts.all"],
        variants=[_variant(name, rates, base, is_baseline=name == baseline) for name, rates in made.items()],
        as_of=as_of(snapshot.reading, request.ends),
    )


_Counted = tuple[int, int]
"""Numerator and denominator."""


def _counted(counts: Counts, rate: str, opens: Opens) -> _Counted:
    of = fraction(rate, "contacts", opens)
    return count(counts, of.numerator), count(counts, of.denominator)


def _variant(name: str, rates: dict[str, _Counted], base: dict[str, _Counted], *, is_baseline: bool) -> Variant:
    contacts, of_baseline = rates["open"][1], base["open"][1]
    too_early = min(contacts, of_baseline) < ENOUGH
    comparisons = {rate: proportions.compare(*rates[rate], *base[rate], too_early=too_early) for rate in _RATES}
    return Variant(
        variant=name,
        contacts=contacts,
        rates=VariantRates(**{rate: _proportion(*counted) for rate, counted in rates.items()}),
        too_early=too_early,
        against_baseline=None if is_baseline else Comparisons(**comparisons),
    )


def _proportion(numerator: int, denominator: int) -> Proportion:
    low, high = proportions.interval(numerator, denominator)
    value = numerator / denominator if denominator else None
    return Proportion(numerator=numerator, denominator=denominator, basis="contacts", value=value, low=low, high=high)
