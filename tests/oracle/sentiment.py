"""The report `sentiment`: counted replies by what they say."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import Filters, check, in_scope
from tests.oracle.resolve import Event

SENTIMENTS = ("positive", "neutral", "negative", "unknown")


def sentiment(events: Iterable[Event], account: str = "default", filters: Filters | None = None, time_zone: str = "UTC") -> dict[str, Any]:
    check(filters or {})
    known = resolve.history(events, account)
    scope = in_scope(all_enrollments(known), filters or {}, time_zone)
    rows = []
    for sequence_id in resolve.sequence_ids(known):
        own = [one for one in scope if one.sequence_id == sequence_id]
        rows.append({"sequence_id": sequence_id, "name": sequence(known, sequence_id).name, **replies(own)})
    return {"total": replies(scope), "sequences": rows}


def replies(scope: list[Enrollment]) -> dict[str, int]:
    """Of each enrollment by itself, as the totals are: one that concerns two enrollments counts twice."""
    said = [fact.data.get("sentiment", "unknown") for one in scope for fact in one.replies]
    return {"replies": len(said), **{name: said.count(name) for name in SENTIMENTS}}
