"""The values of the dimensions of the report `custom`: what they are called, and where they lead."""

from datetime import date
from typing import Final

from projections.reports.dimensions import PERIODS
from web.pages import formats, links
from web.pages.meanings import OUTCOMES
from web.pages.shown.asked import Asked

NONE: Final = "(none)"
_NO_STEP: Final = "No step yet"
_FILTERS: Final = {"user": "enrolled_by", "team": "team", "variant": "variant", "step": "step", "status": "status"}
"""Dimension -> the filter that leaves one of its values."""


def label(dimension: str, value: str | None, asked: Asked) -> str:
    """What a value is called."""
    if value is None:
        return _NO_STEP if dimension == "step" else NONE
    if dimension in PERIODS:
        return formats.day(value)
    if dimension == "outcome":
        return OUTCOMES[value]
    if dimension in asked.words:
        return asked.words[dimension].get(value, value)
    return value.capitalize() if dimension == "status" else value


def short(dimension: str, value: str | None, asked: Asked) -> str:
    """The same where there is little room."""
    if value is not None and dimension in ("day", "week"):
        return formats.day(value, year=False)
    return label(dimension, value, asked)


def href(dimension: str, value: str | None, asked: Asked) -> str | None:
    """The page of a value, or of the enrollments that have it."""
    if value is None:
        return None
    if dimension in PERIODS:
        first = date.fromisoformat(value if dimension != "month" else f"{value}-01")
        return asked.started_in(first, dimension)
    if dimension == "sequence":
        return links.performance(value, asked.common, sequence=None)
    if dimension == "company":
        return links.company(value, asked.common, company=None)
    if dimension in _FILTERS:
        return links.analyze(asked.common, **{_FILTERS[dimension]: value})
    return None
