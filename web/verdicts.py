"""What became of each event that somebody told."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel

from events.refusal import Refusal

Status = Literal["accepted", "refused", "withheld", "unconfirmed"]


class Verdict(BaseModel):
    """What became of one event.

    `accepted`: it is in the log. `refused`: it cannot be used. `withheld`: it is good, and was not written, as others are not and it was
    all or nothing. `unconfirmed`: the log has not acknowledged it, so it may be there or not; to tell it again does no harm.
    """

    index: int
    """Which one in the request, from 0."""
    status: Status
    partition: int | None = None
    """Where in its topic an accepted one is; likewise `offset`."""
    offset: int | None = None
    reason: str | None = None
    """Why it was refused: one of the reasons of the quarantine, or `wrong_account`."""
    detail: str | None = None
    field: str | None = None
    """The attribute, or the path inside `data`, that is at fault."""


class Verdicts(BaseModel):
    """What became of all events of a request."""

    accepted: int
    refused: int
    events: list[Verdict]

    @classmethod
    def of(cls, events: Sequence[Verdict]) -> "Verdicts":
        counts = [one.status for one in events]
        return cls(accepted=counts.count("accepted"), refused=counts.count("refused"), events=list(events))


def refused(index: int, refusal: Refusal) -> Verdict:
    """The verdict on an event that was judged unusable."""
    return Verdict(index=index, status="refused", reason=refusal.reason, detail=refusal.detail, field=refusal.field)
