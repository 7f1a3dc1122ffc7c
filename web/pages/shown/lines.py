"""Lines of tables that are no list of a report as it is, and what is said beside some."""

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from projections.reports.rates import STATUSES_STARTED
from web.pages import formats
from web.pages.meanings import OUTCOMES, RATES


def with_no_step(answer: Any) -> Iterable[Any]:
    """The steps, and before them those who have not reached any."""
    total = sum(getattr(answer.no_step, status) for status in STATUSES_STARTED)
    return [SimpleNamespace(step_id=None, name="No step yet", status=answer.no_step, total=total), *answer.steps]


def with_before_first(answer: Any) -> Iterable[Any]:
    """The steps, and before them all contacts, some of whom reached none."""
    before = answer.before_first
    everybody = SimpleNamespace(step_id=None, name="Enrolled", reached=answer.contacts, **before.model_dump())
    return [everybody, *answer.steps]


def further(reached: int, left: Any) -> int:
    """Those who came to the next step."""
    stayed: int = left.waiting + left.answered + left.dropped
    return reached - stayed


def all_rates(answer: Any) -> Iterable[Any]:
    return [SimpleNamespace(key=name, label=label, rate=getattr(answer.rates, name)) for name, label in RATES.items()]


def all_outcomes(answer: Any) -> Iterable[Any]:
    return [SimpleNamespace(key=name, label=label, count=getattr(answer.outcomes, name)) for name, label in OUTCOMES.items()]


def needed(answer: Any) -> str:
    return f"A score needs {formats.number(answer.minimum)} ended enrollments"


def without_variant(answer: Any) -> str:
    without = answer.no_variant
    return f"Besides, {formats.number(without)} contact{' was' if without == 1 else 's were'} enrolled without a variant" if without else ""
