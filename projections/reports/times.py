"""The report `times`: how long it takes from a send to an answer, and from an enrollment to one."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from projections import delays
from projections.reports.as_of import AsOf, as_of
from projections.reports.groups import Numbers
from projections.reports.parameters import Parameter, choice, single
from projections.reports.request import Query, Request
from projections.reports.scope import Scope
from projections.row_cache import Snapshot
from projections.rows import Column

_AFTER_SEND: Final = {"send_to_open": "opened_after", "send_to_click": "clicked_after", "send_to_reply": "replied_after"}
"""Measure -> its column of the step cells."""
_AFTER_START: Final = {"enrollment_to_reply": "replied_after", "enrollment_to_meeting": "met_after"}
"""Measure -> its column of the rows."""
WAY: Final = Parameter("way", "Only this way from something to its answer.", choices=(*_AFTER_SEND, *_AFTER_START))
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
LIMITS: Final = (
    *(0, 3 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 4 * _DAY, 8 * _DAY, 16 * _DAY, 32 * _DAY),
)
"""Where the bars of the histogram begin, in seconds; all of them limits of buckets."""
_FIRST_BUCKETS: Final = [delays.bucket(limit * 1000) for limit in LIMITS]


class Bar(BaseModel):
    """How many took so long, in seconds."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    start: int = Field(alias="from")
    """Included."""
    to: int | None
    """Not included; null for no limit."""
    count: int


class Times(BaseModel):
    """How long something took."""

    measure: str
    count: int
    median: float | None
    """Seconds; null where nothing is counted."""
    p90: float | None
    """Seconds that nine in ten did not exceed."""
    histogram: list[Bar]


class Error(BaseModel):
    """By how much median and p90 can be off: the greater of the two. Counts are exact."""

    seconds: float
    share: float


class TimesToAnswer(BaseModel):
    """How long answers took."""

    times: list[Times]
    error: Error
    as_of: AsOf


def read(query: Query) -> Sequence[str]:
    """The measures that are asked for."""
    return WAY.choices if single(query.given, WAY.name) is None else [choice(query.given, WAY)]


def times(request: Request, measures: Sequence[str]) -> TimesToAnswer:
    # Sequences that no filter asks for are not worth their cells.
    snapshot = request.reader.rows(request.account, cells_of=request.filters.sequence or None)
    scope = request.filters.scope(snapshot.table.rows(), request.time_zone)
    counted = {measure: np.zeros(delays.LAST + 1, dtype=np.int64) for measure in (*_AFTER_SEND, *_AFTER_START)}
    for cells in _cells(snapshot, scope):
        for measure, column in _AFTER_SEND.items():
            counted[measure] += _by_bucket(cells[column])
    for measure, column in _AFTER_START.items():
        counted[measure] += _by_bucket(scope.column(column))
    return TimesToAnswer(
        times=[_times(measure, counted[measure]) for measure in measures],
        error=Error(seconds=delays.UNIT / 2000, share=1 / 32),
        as_of=as_of(snapshot.reading, request.ends),
    )


def _cells(snapshot: Snapshot, scope: Scope) -> Iterator[Column]:
    """The step cells of the enrollments in scope, step by step and sequence by sequence."""
    for sequence, steps in snapshot.cells.items():
        own = snapshot.table.rows(sequence).among(scope.started)
        for cells in steps.values():
            yield cells.take(own)


def _by_bucket(buckets: Column) -> Numbers:
    """How many there are of each bucket; of what did not happen none."""
    counted = np.bincount(buckets, minlength=delays.LAST + 1)
    counted[0] = 0
    return counted


def _times(measure: str, buckets: Numbers) -> Times:
    starts = np.add.reduceat(buckets, _FIRST_BUCKETS)
    number = int(buckets.sum())
    return Times(
        measure=measure,
        count=number,
        median=_quantile(buckets, (number + 1) // 2),
        p90=_quantile(buckets, -(-number * 9 // 10)),
        histogram=[
            Bar(start=begin, to=end, count=int(count)) for begin, end, count in zip(LIMITS, (*LIMITS[1:], None), starts, strict=True)
        ],
    )


def _quantile(buckets: Numbers, rank: int) -> float | None:
    """The delay of this rank (1 is the shortest), in seconds."""
    if not rank:
        return None
    return delays.middle(int(np.searchsorted(np.cumsum(buckets), rank))) / 1000
