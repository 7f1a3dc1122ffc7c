"""What can be done with an enrollment: when it may be done, and the event that asks for it. Nothing is changed but by that event."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Final, Literal, NamedTuple

from events.catalog import EnrollmentPaused, EnrollmentResumed, EnrollmentUnenrolled, EventData
from events.publisher import now
from projections.standing import EnrollmentKey, Standing
from web.access import Caller
from web.signed import Signed, signed

Action = Literal["pause", "resume", "unenroll"]
Reason = Literal["unknown_enrollment", "ended", "wrong_status", "repeated"]

_REMEMBERED: Final = 10_000
"""Enrollments whose last time is kept: many more than can be clicked before a worker has applied them."""


class Objection(NamedTuple):
    """Why something cannot be done: for programs, and in words."""

    reason: Reason
    detail: str


class _Way(NamedTuple):
    leads: Mapping[str, str]
    """Status in which it may be done -> status that comes of it."""
    rule: str
    data: Callable[[EnrollmentKey], EventData]


_WAYS: Final[Mapping[Action, _Way]] = {
    "pause": _Way({"active": "paused"}, "only an active enrollment can be paused", lambda key: EnrollmentPaused(**key._asdict())),
    "resume": _Way({"paused": "active"}, "only a paused enrollment can be resumed", lambda key: EnrollmentResumed(**key._asdict())),
    "unenroll": _Way(
        {"active": "unenrolled", "paused": "unenrolled", "scheduled": "canceled"},
        "only an active, paused or scheduled enrollment can be unenrolled",
        lambda key: EnrollmentUnenrolled(**key._asdict(), reason="manual"),
    ),
}
_ENDED: Final = {
    "finished": "this one has finished",
    "unenrolled": "this one was unenrolled",
    "errored": "this one has ended with an error",
    "canceled": "this one was canceled before it started",
}
_NOT_ENDED: Final = {
    "active": "this one is active",
    "paused": "this one is paused",
    "scheduled": "this one has not started yet",
    "orphan": "this one was never started",
}


def objection(action: Action, standing: Standing | None) -> Objection | None:
    """Why it cannot be done; None if it can."""
    if standing is None:
        return Objection("unknown_enrollment", "no event has named this enrollment")
    way = _WAYS[action]
    if standing.status in way.leads:
        return None
    if standing.status in _ENDED:
        because = f" ({standing.reason})" if standing.reason else ""
        return Objection("ended", f"{way.rule}; {_ENDED[standing.status]}{because}")
    return Objection("wrong_status", f"{way.rule}; {_NOT_ENDED[standing.status]}")


def wanted(action: Action, standing: Standing) -> str:
    """The status in which the enrollment will be, where nothing objects."""
    return _WAYS[action].leads[standing.status]


class Desk:
    """Makes the events. `clock` in ms since 1970 UTC.

    Of two events about one enrollment the later has the later time, whatever the clock does: by what is applied already, and by what was
    made here and is not applied yet. May be used by several threads.
    """

    def __init__(self, clock: Callable[[], int] = now) -> None:
        self._clock = clock
        self._lock = Lock()
        self._last: OrderedDict[tuple[str, EnrollmentKey], int] = OrderedDict()

    def ask(self, action: Action, key: EnrollmentKey, standing: Standing, caller: Caller) -> Signed:
        """The event that asks for it, in the name of the caller."""
        return signed(_WAYS[action].data(key), self._time((caller.account, key), standing.switched_at), caller)

    def _time(self, key: tuple[str, EnrollmentKey], switched_at: int) -> int:
        with self._lock:
            time = max(self._clock(), switched_at + 1, self._last.pop(key, 0) + 1)
            self._last[key] = time
            if len(self._last) > _REMEMBERED:
                self._last.popitem(last=False)
        return time
