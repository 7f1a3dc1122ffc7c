"""The report `steps`: who stands where in one sequence, and how each of its steps does."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.cells import credited, doing
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import STATUSES, Filters, check, in_scope, passes_attributes
from tests.oracle.rates import contacts, rate
from tests.oracle.resolve import Event
from tests.oracle.subjects import check_sequence

Report = dict[str, Any]
STEP_RATES = ("open", "click", "reply", "meeting", "bounce")


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
    check_sequence(known, sequence_id)
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
    status = _by_status(scope, step_id)
    executed = contacts(doing(scope, "executed", step_id))
    happened = {kind: contacts(credited(scope, kind, step_id, opens)) for kind in STEP_RATES}
    sent = {(one.contact_id, fact.data["message_id"]) for one in scope for fact in one.of("email.sent") if fact.data["step_id"] == step_id}
    return {
        "step_id": step_id,
        "order": order,
        "name": name,
        "kind": kind,
        "status": status,
        "total": sum(status.values()),
        "executed": len(executed),
        "skipped": len(contacts(doing(scope, "skipped", step_id))),
        "sent": len(sent),
        "rates": {kind: rate(len(happened[kind] & executed), len(executed), "contacts") for kind in STEP_RATES},
    }
