"""Numbers of everything together that stand below each other: outcomes, sentiments, totals. Each table is there as a file, too."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic import BaseModel

from projections.reports.parameters import Given
from projections.reports.performance import Analyze, Performance
from projections.reports.sentiment import Sentiment
from web.pages import links
from web.pages.meanings import OUTCOME_COLOURS, OUTCOMES, TOTALS

_SENTIMENTS: Final = {"positive": "Positive", "neutral": "Neutral", "negative": "Negative", "unknown": "Not told"}
_SENTIMENT_COLOURS: Final = {"positive": "2", "neutral": "5", "negative": "errored", "unknown": "7"}


class Line(NamedTuple):
    """One number. `share` is that of it in all of them, 0 to 1; `colour` is a data-color."""

    label: str
    number: int
    share: float
    colour: str


class Sums(NamedTuple):
    """A table of them."""

    lines: list[Line]
    csv: str


def outcomes(found: Performance | Analyze, given: Given) -> Sums:
    """Those of `performance` or `analyze`; `given` says which enrollments are meant."""
    return Sums(_lines(found.outcomes, OUTCOMES, OUTCOME_COLOURS, found.enrollments.started), _csv(given, "outcome_", OUTCOMES))


def sentiments(found: Sentiment, given: Given) -> Sums:
    """Those of all together in the report `sentiment`."""
    return Sums(_lines(found.total, _SENTIMENTS, _SENTIMENT_COLOURS, found.total.replies), _csv(given, "replies_", _SENTIMENTS))


def totals(found: Performance | Analyze, given: Given) -> Sums:
    """Those of `performance` or `analyze`, which are no parts of a whole."""
    return Sums(_lines(found.totals, TOTALS, dict.fromkeys(TOTALS, ""), 0), _csv(given, "", TOTALS))


def _lines(numbers: BaseModel, labels: Mapping[str, str], colours: Mapping[str, str], whole: int) -> list[Line]:
    counted: dict[str, int] = numbers.model_dump()
    return [Line(label, counted[name], counted[name] / whole if whole else 0, colours[name]) for name, label in labels.items()]


def _csv(given: Given, prefix: str, names: Mapping[str, str]) -> str:
    """The same numbers as the report `custom` counts them."""
    return links.csv("custom", None, given, measure=[f"{prefix}{name}" for name in names])
