"""Variants compared: each rate with its interval, and what may be said of the difference to the baseline."""

from typing import Any, Final, NamedTuple

from projections.reports.variants import Variants
from web.pages import formats, links
from web.pages.meanings import RATES
from web.pages.shown import Asked
from web.pages.shown.drawing import Cell, Row
from web.pages.shown.fields import share

_CLEAR: Final = 0.05
"""The p value from which on a difference may well be none."""
_RATES: Final = ("open", "click", "reply", "meeting")


class Verdict(NamedTuple):
    """What may be concluded."""

    words: str
    kind: str
    """good, bad, muted or warn."""
    why: str = ""


class Line(NamedTuple):
    """A variant under one rate. `low`, `high` and `at` are places in a picture, in percent of its width."""

    variant: str
    mark: str
    """Of its element."""
    href: str
    share: Cell
    interval: str
    low: float
    width: float
    at: float
    difference: str
    verdict: Verdict


class Comparison(NamedTuple):
    """One rate of all variants."""

    rate: str
    title: str
    lines: list[Line]
    baseline_at: float | None
    """Where the baseline is in the pictures."""


def comparisons(asked: Asked, answer: Variants) -> list[Comparison]:
    """Nothing if there are no variants."""
    return [_comparison(asked, answer, rate) for rate in _RATES] if answer.variants else []


def _comparison(asked: Asked, answer: Variants, rate: str) -> Comparison:
    most = max((getattr(one.rates, rate).high or 0 for one in answer.variants), default=0) or 1
    lines = [_line(asked, one, rate, 100 / most) for one in answer.variants]
    base = next((line.at for line in lines if line.variant == answer.baseline), None)
    return Comparison(rate, RATES[rate], lines, base)


def _line(asked: Asked, one: Any, rate: str, scale: float) -> Line:
    found = getattr(one.rates, rate)
    low, high = (found.low or 0) * scale, (found.high or 0) * scale
    against = None if one.against_baseline is None else getattr(one.against_baseline, rate)
    return Line(
        variant=one.variant,
        mark=Row(one.variant, one.variant, []).mark,
        href=links.analyze(asked.common, variant=one.variant),
        share=share(found),
        interval=formats.NOTHING if found.low is None else f"{formats.percent(found.low)} – {formats.percent(found.high)}",
        low=round(low, 2),
        width=round(high - low, 2),
        at=round((found.value or 0) * scale, 2),
        difference=formats.NOTHING if against is None else _difference(against),
        verdict=_verdict(one, against),
    )


def _difference(against: Any) -> str:
    if against.difference is None:
        return formats.NOTHING
    return f"{_points(against.difference)} ({_points(against.low)} to {_points(against.high)}) points"


def _points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    text = formats.decimal(abs(difference) * 100)
    return text if text == "0.0" else f"{'−' if difference < 0 else '+'}{text}"


def _verdict(one: Any, against: Any) -> Verdict:
    if against is None:
        return Verdict("Baseline", "muted")
    if one.too_early:
        return Verdict("Too early", "warn", "fewer than 100 contacts in the variant or in the baseline")
    if against.p_value is None:
        return Verdict("No answer", "muted", "all or none of both did it")
    p = "p < 0.001" if against.p_value < 0.001 else f"p = {against.p_value:.3f}"
    if against.p_value >= _CLEAR:
        return Verdict(f"Not clear, {p}", "muted", "so great a difference comes by chance often enough")
    return Verdict(f"Higher, {p}", "good") if against.difference > 0 else Verdict(f"Lower, {p}", "bad")
