"""The report `sentiment`: what kind of replies came."""

from pydantic import BaseModel

from projections.meaning import SENTIMENTS
from projections.reports.as_of import AsOf, as_of
from projections.reports.by_sequence import by_sequence
from projections.reports.request import Query, Request
from projections.tables.parts import Counts


class Replies(BaseModel):
    """Counted replies of one scope."""

    replies: int
    """All of them."""
    positive: int
    neutral: int
    negative: int
    unknown: int
    """The event said nothing about it."""


class SequenceReplies(BaseModel):
    """Counted replies of one sequence."""

    sequence_id: str
    name: str | None
    replies: int
    positive: int
    neutral: int
    negative: int
    unknown: int


class Sentiment(BaseModel):
    """Counted replies by sentiment, of all together and of every sequence, by id."""

    total: Replies
    sequences: list[SequenceReplies]
    as_of: AsOf


def read(_query: Query) -> None:
    """It has no parameters of its own."""


def sentiment(request: Request, _options: None) -> Sentiment:
    counted = by_sequence(request, only_in_rows=True)
    return Sentiment(
        total=Replies(**_replies(counted.total)),
        sequences=[
            SequenceReplies(sequence_id=sequence, name=definition.name, **_replies(counts))
            for sequence, (definition, counts) in counted.sequences.items()
        ],
        as_of=as_of(counted.reading, request.ends),
    )


def _replies(counts: Counts) -> dict[str, int]:
    known = {name: counts[f"replies.{name}"] for name in SENTIMENTS}
    replies = counts["total.replies"]
    return {"replies": replies, **known, "unknown": replies - sum(known.values())}
