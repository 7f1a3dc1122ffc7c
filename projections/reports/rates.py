"""Rates, in three bases, from the numbers of layout.COUNTERS."""

from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple, TypeVar

from pydantic import BaseModel

from projections import meaning
from projections.meaning import STATUSES
from projections.reports.groups import Numbers
from projections.reports.parameters import Basis, Opens
from projections.tables.parts import Counts

STATUSES_STARTED: Final = STATUSES[meaning.FIRST_STARTED :]
STATUSES_LIVE: Final = (STATUSES[meaning.ACTIVE], STATUSES[meaning.PAUSED])

_FLAGS: Final = {
    "open": "opened",
    "click": "clicked",
    "reply": "replied",
    "reply_to_sequence": "replied_to_sequence",
    "meeting": "met",
    "no_response": "no_response",
    "bounce": "bounced",
    "unsubscribe": "unsubscribed",
    "complaint": "complained",
    "engaged": "engaged",
}
"""What has to be true of a contact or an enrollment to count in the rate."""

_WITH_MACHINES: Final = {"opened": "opened_any", "clicked": "clicked_any", "engaged": "engaged_any"}

_MESSAGES: Final = {
    "open": ("opened", "delivered"),
    "click": ("clicked", "delivered"),
    "reply": ("replied", "delivered"),
    "reply_to_sequence": ("replied", "delivered"),
    "bounce": ("bounced", "sent"),
    "unsubscribe": ("unsubscribed", "delivered"),
    "complaint": ("complained", "delivered"),
}
"""Rate -> what has to be true of a message to count in it, and of which messages it is a share. The other rates are none of messages."""


class Rate(BaseModel):
    """A share, with what it is a share of."""

    numerator: int
    denominator: int
    basis: Basis
    value: float | None
    """null for 0/0, which is neither nothing nor everything."""


class Rates(BaseModel):
    """All rates of one scope."""

    open: Rate
    click: Rate
    reply: Rate
    reply_to_sequence: Rate
    meeting: Rate
    no_response: Rate
    bounce: Rate
    unsubscribe: Rate
    complaint: Rate
    engaged: Rate


RATES: Final = tuple(Rates.model_fields)


class Sum(NamedTuple):
    """Counters that are added up, less others."""

    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()


class Fraction(NamedTuple):
    """What a rate is made of."""

    numerator: Sum
    denominator: Sum


N = TypeVar("N", int, Numbers)

STARTED: Final = Sum(tuple(f"status.{status}" for status in STATUSES_STARTED))
"""Enrollments in scope."""


def add(terms: Sum, number: Callable[[str], N], nothing: N) -> N:
    """The sum of the counters, each as `number` knows it."""
    total = nothing
    for name in terms.plus:
        total = total + number(name)
    for name in terms.minus:
        total = total - number(name)
    return total


def count(counts: Counts, terms: Sum) -> int:
    return add(terms, counts.__getitem__, 0)


def rate(numerator: int, denominator: int, basis: Basis) -> Rate:
    return Rate(numerator=numerator, denominator=denominator, basis=basis, value=numerator / denominator if denominator else None)


def flag(name: str, opens: Opens) -> str:
    """The flag that a flag's name stands for: with opens=all the opens and clicks of machines count in it too."""
    return _WITH_MACHINES.get(name, name) if opens == "all" else name


def started(counts: Counts) -> int:
    """Enrollments in scope."""
    return count(counts, STARTED)


@cache
def fraction(name: str, basis: Basis, opens: Opens) -> Fraction:
    """What the rate `name` (one of RATES) is made of."""
    if basis == "messages":
        if name not in _MESSAGES:
            return Fraction(Sum(), Sum())
        fact, of = _MESSAGES[name]
        return Fraction(Sum((f"messages.{flag(fact, opens)}",)), Sum((f"messages.{of}",)))
    true = flag(_FLAGS[name], opens)
    if basis == "contacts":
        return Fraction(Sum((f"contacts.{true}",)), Sum(("contacts.all",)))
    return Fraction(Sum(("outcome.no_response" if true == "no_response" else f"enrollments.{true}",)), STARTED)


def adjusted_open(basis: Basis) -> Fraction:
    """The open rate without machines: what was opened by machines only is neither in the numerator nor in the denominator."""
    human, plain = Sum((f"{basis}.opened",)), fraction("open", basis, "human")
    return Fraction(human, Sum((*plain.denominator.plus, f"{basis}.opened"), (f"{basis}.opened_any",)))


def rate_of(counts: Counts, of: Fraction, basis: Basis) -> Rate:
    return rate(count(counts, of.numerator), count(counts, of.denominator), basis)


def rates(counts: Counts, basis: Basis, opens: Opens) -> Rates:
    return Rates(**{name: rate_of(counts, fraction(name, basis, opens), basis) for name in RATES})
