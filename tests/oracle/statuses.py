"""Section 2 on a plate: one dict for each enrollment, and what waits or is odd in the whole history."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.times import written
from tests.oracle.totals import totals


def status_of(one: Enrollment) -> dict[str, Any]:
    """`status` is scheduled, canceled or orphan for an enrollment that never started. Counts are named as in `totals`."""
    return {
        "enrollment_id": one.enrollment_id,
        "contact_id": one.contact_id,
        "sequence_id": one.sequence_id,
        "status": one.status,
        "reason": one.reason,
        "outcome": one.outcome,
        "started_at": written(one.started_at),
        "ended_at": written(one.ended_at),
        **one.attributes,
        **one.flags,
        "current_step": one.current_step,
        "next_step": one.next_step,
        "last_engaged_at": written(one.last_engaged_at),
        "totals": totals([one]),
        "credits": one.credits,
        "implicit_start": one.implicit_start,
        "second_ends": one.second_ends,
    }


def statuses(events: Iterable[resolve.Event], account: str = "default") -> list[dict[str, Any]]:
    """Every enrollment that any event names, by contact, sequence and enrollment id."""
    return [status_of(one) for one in all_enrollments(resolve.history(events, account))]


def oddities(events: Iterable[resolve.Event], account: str = "default") -> dict[str, Any]:
    """Events that wait to be resolved (in all and by type), and the anomalies of rules 1 and 3 with the orphans of rule 2."""
    known = resolve.history(events, account)
    waiting = Counter(fact.type for fact in known.facts if resolve.waits(known, fact))
    everyone = all_enrollments(known)
    return {
        "waiting": waiting.total(),
        "waiting_by_type": dict(sorted(waiting.items())),
        "implicit_starts": sum(one.implicit_start for one in everyone),
        "second_ends": sum(one.second_ends for one in everyone),
        "orphans": sum(one.status == "orphan" for one in everyone),
    }
