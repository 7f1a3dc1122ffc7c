"""What statistics say of two proportions, by statsmodels, which this module alone knows."""

from importlib.util import find_spec
from math import isnan
from typing import Final

import numpy as np
from pydantic import BaseModel

from projections.reports.errors import MissingLibrary

_ALPHA: Final = 0.05
"""Intervals hold 95 %."""


class Comparison(BaseModel):
    """One proportion against another."""

    difference: float | None
    """Of the values; null where one of them is 0/0."""
    low: float | None
    """The 95 % interval of the difference (Newcombe's, made of the Wilson intervals of both)."""
    high: float | None
    p_value: float | None
    """How likely a difference so large is where there is none: the score test of Miettinen and Nurminen, uncorrected.

    null where it is too early, and where all or none of both did it, for which the test has no answer.
    """


def require() -> None:
    """Raises `MissingLibrary` unless the statistics are installed. Nothing is loaded yet, which takes seconds."""
    if find_spec("statsmodels") is None:
        raise MissingLibrary("the report variants", "statsmodels", "statistics")


def interval(numerator: int, denominator: int) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval of a proportion (Wilson); nothing for 0/0."""
    from statsmodels.stats.proportion import proportion_confint

    if not denominator:
        return None, None
    low, high = proportion_confint(numerator, denominator, alpha=_ALPHA, method="wilson")
    return float(low), float(high)


def compare(numerator: int, denominator: int, base_numerator: int, base_denominator: int, *, too_early: bool) -> Comparison:
    """A proportion against that of the baseline."""
    from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

    if not denominator or not base_denominator:
        return Comparison(difference=None, low=None, high=None, p_value=None)
    counts = numerator, denominator, base_numerator, base_denominator
    low, high = confint_proportions_2indep(*counts, method="newcomb", compare="diff", alpha=_ALPHA)
    p_value = None
    if not too_early:
        with np.errstate(all="ignore"):  # 0 of both, or all of both: a division by zero, hence not a number
            tested = float(test_proportions_2indep(*counts, method="score", compare="diff", correction=False).pvalue)
        p_value = None if isnan(tested) else tested
    difference = numerator / denominator - base_numerator / base_denominator
    return Comparison(difference=difference, low=float(low), high=float(high), p_value=p_value)
