"""Section 5: the reports `performance`, `analyze` and `sequences`, as dicts, without `as_of`.

The other reports are in modules of their own and offered here too, so that one import serves.
Every report takes `filters` under the names of section 4: lists of strings, and dates as strings.
"""

from collections.abc import Callable, Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.cohorts import engagement, monthly, trend
from tests.oracle.custom import custom
from tests.oracle.delays import times
from tests.oracle.enrollment import OUTCOMES, Enrollment, all_enrollments
from tests.oracle.filters import Filters, check, echoed, in_scope, passes_attributes
from tests.oracle.funnel import funnel
from tests.oracle.lists import contacts, enrollments, public, sort_rows
from tests.oracle.machines import opens as opens_report
from tests.oracle.person import contact
from tests.oracle.rates import contacts as distinct_contacts
from tests.oracle.rates import flag, rates
from tests.oracle.resolve import Event
from tests.oracle.sentiment import sentiment
from tests.oracle.statuses import oddities, statuses
from tests.oracle.steps import steps
from tests.oracle.subjects import NotFound, check_sequence
from tests.oracle.times import written
from tests.oracle.totals import totals
from tests.oracle.users import leaderboard, senders
from tests.oracle.variants import variants

__all__ = ["REPORTS", "NotFound", "analyze", "oddities", "performance", "report", "sequences", "statuses", "steps"]

Report = dict[str, Any]
SORTABLE = (
    "sequence_id",
    "name",
    "owner_id",
    "archived",
    "created_at",
    "enrollments",
    "contacts",
    "opens",
    "clicks",
    "replies",
    "meetings",
    "opens_total",
    "clicks_total",
    "replies_total",
    "meetings_total",
)


def _numbers(everyone: list[Enrollment], filters: Filters, basis: str, opens: str, time_zone: str) -> Report:
    check(filters)
    scope = in_scope(everyone, filters, time_zone)
    # scheduled and orphan obey some of the filters only.
    not_started = [one for one in everyone if not one.started and passes_attributes(one, filters)]
    return {
        "filters": echoed(filters),
        "opens": opens,
        "basis": basis,
        "enrollments": {
            "started": len(scope),
            "contacts": len(distinct_contacts(scope)),
            "live": sum(one.live for one in scope),
            "active": sum(one.status == "active" for one in scope),
            "paused": sum(one.status == "paused" for one in scope),
            "scheduled": sum(one.status == "scheduled" for one in not_started),
            "orphan": sum(one.status == "orphan" for one in not_started),
        },
        "rates": rates(scope, basis, opens),
        "outcomes": {outcome: sum(one.outcome == outcome for one in scope) for outcome in OUTCOMES},
        "totals": totals(scope),
    }


def performance(
    events: Iterable[Event],
    sequence_id: str,
    account: str = "default",
    filters: Filters | None = None,
    basis: str = "contacts",
    opens: str = "human",
    time_zone: str = "UTC",
) -> Report:
    known = resolve.history(events, account)
    check_sequence(known, sequence_id)
    own = [one for one in all_enrollments(known) if one.sequence_id == sequence_id]
    head = {"account": account, "sequence_id": sequence_id, "name": sequence(known, sequence_id).name}
    return {**head, **_numbers(own, filters or {}, basis, opens, time_zone)}


def analyze(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    basis: str = "contacts",
    opens: str = "human",
    time_zone: str = "UTC",
) -> Report:
    known = resolve.history(events, account)
    return {"account": account, **_numbers(all_enrollments(known), filters or {}, basis, opens, time_zone)}


def sequences(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    basis: str = "contacts",
    opens: str = "human",
    time_zone: str = "UTC",
    sort: str | None = None,
    order: str | None = None,
) -> Report:
    """Every sequence that any event has named; most contacts first unless `sort` and `order` say otherwise."""
    sort, order = sort or "contacts", order or "desc"
    if sort not in SORTABLE:
        raise ValueError(f"sort: no column {sort!r}")
    if order not in ("asc", "desc"):
        raise ValueError(f"order: {order!r} is neither asc nor desc")
    known = resolve.history(events, account)
    check(filters or {})
    scope = in_scope(all_enrollments(known), filters or {}, time_zone)
    rows = []
    for sequence_id in resolve.sequence_ids(known):
        own = [one for one in scope if one.sequence_id == sequence_id]
        defined, summed = sequence(known, sequence_id), totals(own)
        rows.append(
            {
                "sequence_id": sequence_id,
                "name": defined.name,
                "owner_id": defined.owner_id,
                "archived": defined.archived,
                "created_at": written(defined.created_at),
                "_created_at": defined.created_at,
                "enrollments": len(own),
                "contacts": len(distinct_contacts(own)),
                "opens": sum(flag(one, "opened", opens) for one in own),
                "clicks": sum(flag(one, "clicked", opens) for one in own),
                "replies": sum(one.flags["replied"] for one in own),
                "meetings": sum(one.flags["met"] for one in own),
                "opens_total": summed["opens"],
                "clicks_total": summed["clicks"],
                "replies_total": summed["replies"],
                "meetings_total": summed["meetings"],
                "rates": rates(own, basis, opens),
            }
        )
    # Times sort as instants, since written times of different precision do not sort as text.
    column = "_created_at" if sort == "created_at" else sort
    return {"sequences": [public(row) for row in sort_rows(rows, [(column, order == "desc")], ["sequence_id"])]}


REPORTS: dict[str, Callable[..., Report]] = {
    "performance": performance,
    "analyze": analyze,
    "sequences": sequences,
    "steps": steps,
    "enrollments": enrollments,
    "contacts": contacts,
    "contact": contact,
    "monthly": monthly,
    "trend": trend,
    "engagement": engagement,
    "funnel": funnel,
    "times": times,
    "variants": variants,
    "opens": opens_report,
    "sentiment": sentiment,
    "leaderboard": leaderboard,
    "senders": senders,
    "custom": custom,
}


def report(events: Iterable[Event], name: str, **parameters: Any) -> Report:
    """A report by its name, as the command line and HTTP know it."""
    return REPORTS[name](events, **parameters)
