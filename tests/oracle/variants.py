"""The report `variants`: side by side, with intervals by their formula. What needs a library of statistics is not recounted."""

from collections.abc import Iterable
from math import sqrt
from typing import Any

from tests.oracle.enrollment import Enrollment
from tests.oracle.filters import Filters, scope_of
from tests.oracle.rates import contacts, of_contacts
from tests.oracle.resolve import Event

VARIANT_RATES = ("open", "click", "reply", "meeting")
ENOUGH = 100
Z = 1.959963984540054
"""Of the normal distribution, 95 % lie within so many standard deviations."""


def variants(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    opens: str = "human",
    time_zone: str = "UTC",
    baseline: str | None = None,
) -> dict[str, Any]:
    """A baseline that nobody in scope has is one of no contacts. Against it there is the difference alone."""
    scope = scope_of(events, account, filters, time_zone)
    names = sorted({one.attributes["variant"] for one in scope} - {None})
    if baseline is None and names:
        baseline = names[0]
    base = [one for one in scope if baseline is not None and one.attributes["variant"] == baseline]
    rows = []
    for name in names:
        own = [one for one in scope if one.attributes["variant"] == name]
        rows.append(
            {
                "variant": name,
                "contacts": len(contacts(own)),
                "rates": {rate: with_interval(made) for rate, made in chosen(own, opens).items()},
                "too_early": len(contacts(own)) < ENOUGH or len(contacts(base)) < ENOUGH,
                "against_baseline": None if name == baseline else difference(own, base, opens),
            }
        )
    without = contacts(one for one in scope if one.attributes["variant"] is None)
    return {"baseline": baseline, "no_variant": len(without), "variants": rows}


def chosen(scope: list[Enrollment], opens: str) -> dict[str, dict[str, Any]]:
    rates = of_contacts(scope, opens)
    return {name: rates[name] for name in VARIANT_RATES}


def with_interval(rate: dict[str, Any]) -> dict[str, Any]:
    """Wilson's interval: the shares that differ from the one seen by no more than Z of their own standard deviations."""
    share, count = rate["value"], rate["denominator"]
    if share is None:
        return {**rate, "low": None, "high": None}
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    reach = Z * sqrt(share * (1 - share) / count + Z**2 / (4 * count**2)) / (1 + Z**2 / count)
    return {**rate, "low": middle - reach, "high": middle + reach}


def difference(own: list[Enrollment], base: list[Enrollment], opens: str) -> dict[str, Any]:
    mine, theirs = chosen(own, opens), chosen(base, opens)
    return {
        name: {
            "difference": None
            if mine[name]["value"] is None or theirs[name]["value"] is None
            else mine[name]["value"] - theirs[name]["value"]
        }
        for name in VARIANT_RATES
    }
