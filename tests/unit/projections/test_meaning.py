"""The codes that are stored cover the words that the contract allows."""

from typing import get_args

from events.catalog.fields import EndReason, Sentiment
from projections.meaning import REASONS, SENTIMENTS


def test_every_reason_and_sentiment_of_the_catalog_has_a_code() -> None:
    assert ("", *get_args(EndReason)) == REASONS
    assert get_args(Sentiment) == SENTIMENTS
