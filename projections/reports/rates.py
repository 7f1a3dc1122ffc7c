"""Rates, in three bases, from the numbers of layout.COUNTERS."""

from typing import Final

from pydantic import BaseModel

from projections import meaning
from projections.meaning import STATUSES
from projections.reports.parameters import Basis, Opens
from projections.tables.parts import Counts

STARTED: Final = STATUSES[meaning.FIRST_STARTED :]

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


def rate(numerator: int, denominator: int, basis: Basis) -> Rate:
    return Rate(numerator=numerator, denominator=denominator, basis=basis, value=numerator / denominator if denominator else None)


def flag(name: str, opens: Opens) -> str:
    """The flag that a flag's name stands for: with opens=all the opens and clicks of machines count in it too."""
    return _WITH_MACHINES.get(name, name) if opens == "all" else name


def started(counts: Counts) -> int:
    """Enrollments in scope."""
    return sum(counts[f"status.{status}"] for status in STARTED)


def rates(counts: Counts, basis: Basis, opens: Opens) -> Rates:
    if basis == "messages":
        return Rates(**{name: _of_messages(counts, name, opens) for name in RATES})
    if basis == "contacts":
        everybody = counts["contacts.all"]
        return Rates(**{name: rate(counts[f"contacts.{flag(_FLAGS[name], opens)}"], everybody, basis) for name in RATES})
    everything = started(counts)
    return Rates(**{name: rate(_enrollments(counts, flag(_FLAGS[name], opens)), everything, basis) for name in RATES})


def _enrollments(counts: Counts, flag: str) -> int:
    return counts["outcome.no_response" if flag == "no_response" else f"enrollments.{flag}"]


def _of_messages(counts: Counts, name: str, opens: Opens) -> Rate:
    if name not in _MESSAGES:
        return rate(0, 0, "messages")
    numerator, denominator = _MESSAGES[name]
    return rate(counts[f"messages.{flag(numerator, opens)}"], counts[f"messages.{denominator}"], "messages")
