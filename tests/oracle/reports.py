"""Section 5: the reports `performance`, `analyze`, `sequences` and `steps`, as dicts, without `as_of`.

The reports of lists and cohorts are in their own modules and offered here too, so that one import serves.
Every report takes `filters` under the names of section 4: lists of strings, and dates as strings.
"""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.cohorts import engagement, monthly, trend
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import STATUSES, Filters, check, in_scope, passes_attributes, values
from tests.oracle.lists import contacts, enrollments, public, sort_rows
from tests.oracle.rates import contacts as distinct_contacts
from tests.oracle.rates import flag, rate, rates
from tests.oracle.resolve import Event, History
from tests.oracle.statuses import oddities, statuses
from tests.oracle.times import written
from tests.oracle.totals import totals

__all__ = [
    "NotFound",
    "analyze",
    "contacts",
    "engagement",
    "enrollments",
    "monthly",
    "oddities",
    "performance",
    "report",
    "sequences",
    "statuses",
    "steps",
    "trend",
]

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
OUTCOMES = ("active", "paused", "meeting", "replied", "unsubscribed", "complained", "bounced", "errored", "company_stop", "no_response")
STEP_RATES = ("open", "click", "reply", "meeting", "bounce")


class NotFound(LookupError):
    """A report's subject that no event has named."""


def echoed(filters: Filters) -> dict[str, list[str] | str]:
    """What was set: lists of strings, and dates as strings."""
    echo: dict[str, list[str] | str] = {}
    for name, given in filters.items():
        echo[name] = given if name in ("enrolled_from", "enrolled_to") and isinstance(given, str) else values(filters, name) or []
    return echo


def subject(known: History, sequence_id: str) -> None:
    if sequence_id not in resolve.sequence_ids(known):
        raise NotFound(f"sequence_id: no event has named {sequence_id!r}")


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
    subject(known, sequence_id)
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


def steps(
    events: Iterable[Event],
    sequence_id: str,
    account: str = "default",
    filters: Filters | None = None,
    opens: str = "human",
    time_zone: str = "UTC",
) -> Report:
    filters = filters or {}
    known = resolve.history(events, account)
    subject(known, sequence_id)
    check(filters)
    own = [one for one in all_enrollments(known) if one.sequence_id == sequence_id]
    scope = in_scope(own, filters, time_zone)
    defined = sorted(sequence(known, sequence_id).steps, key=lambda step: step.order)
    rows = [_step(scope, step.step_id, step.order, step.name, step.kind, opens) for step in defined]
    seen = {fact.data["step_id"] for one in scope for fact in one.own if "step_id" in fact.data}
    for step_id in sorted(seen - {step.step_id for step in defined}):
        row = _step(scope, step_id, None, None, None, opens)
        # Section 7: such a step is listed if any of its numbers is above zero.
        if row["total"] or row["executed"] or row["skipped"] or row["sent"]:
            rows.append(row)
    return {
        "sequence_id": sequence_id,
        "scheduled": sum(one.status == "scheduled" and passes_attributes(one, filters) for one in own),
        "no_step": _by_status(scope, None),
        "steps": rows,
    }


def _by_status(scope: list[Enrollment], step_id: str | None) -> dict[str, int]:
    return {status: sum(one.status == status and one.current_step == step_id for one in scope) for status in STATUSES}


def _step(scope: list[Enrollment], step_id: str, order: int | None, name: str | None, kind: str | None, opens: str) -> Report:
    def doing(*types: str) -> set[str]:
        return {one.contact_id for one in scope if any(fact.data["step_id"] == step_id for fact in one.of(*types))}

    def credited(*kinds: str) -> set[str]:
        return {one.contact_id for one in scope if any(one.credits[kind].get(step_id, 0) for kind in kinds)}

    status = _by_status(scope, step_id)
    executed = doing("step.executed", "email.sent")
    happened = {
        "open": credited("open", "machine_open") if opens == "all" else credited("open"),
        "click": credited("click", "machine_click") if opens == "all" else credited("click"),
        "reply": credited("reply"),
        "meeting": credited("meeting"),
        "bounce": credited("bounce"),
    }
    sent = {(one.contact_id, fact.data["message_id"]) for one in scope for fact in one.of("email.sent") if fact.data["step_id"] == step_id}
    return {
        "step_id": step_id,
        "order": order,
        "name": name,
        "kind": kind,
        "status": status,
        "total": sum(status.values()),
        "executed": len(executed),
        "skipped": len(doing("step.skipped")),
        "sent": len(sent),
        "rates": {kind: rate(len(happened[kind] & executed), len(executed), "contacts") for kind in STEP_RATES},
    }


REPORTS = {
    "performance": performance,
    "analyze": analyze,
    "sequences": sequences,
    "steps": steps,
    "enrollments": enrollments,
    "contacts": contacts,
    "monthly": monthly,
    "trend": trend,
    "engagement": engagement,
}


def report(events: Iterable[Event], name: str, **parameters: Any) -> Report:
    """A report by its name, as the command line and HTTP know it."""
    made: Report = REPORTS[name](events, **parameters)  # type: ignore[operator]
    return made
