"""The report `funnel`: how far contacts come in one sequence, and where they are lost."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.cells import doing
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import Filters, check, in_scope
from tests.oracle.rates import contacts, rate
from tests.oracle.resolve import Event
from tests.oracle.subjects import check_sequence


def funnel(
    events: Iterable[Event], sequence_id: str, account: str = "default", filters: Filters | None = None, time_zone: str = "UTC"
) -> dict[str, Any]:
    known = resolve.history(events, account)
    check_sequence(known, sequence_id)
    check(filters or {})
    scope = [one for one in in_scope(all_enrollments(known), filters or {}, time_zone) if one.sequence_id == sequence_id]
    everybody = contacts(scope)
    defined = sequence(known, sequence_id)
    in_order = sorted(defined.steps, key=lambda step: step.order)
    executed = [contacts(doing(scope, "executed", step.step_id)) for step in in_order]
    # A step is reached by executing it or a later one. Nobody comes beyond the last.
    reached = [set[str]().union(*executed[number:]) for number in range(len(in_order))]
    beyond = [*reached[1:], set[str]()]
    rows = []
    for number, step in enumerate(in_order):
        left = divided(scope, reached[number] - beyond[number])
        rows.append(
            {
                "step_id": step.step_id,
                "order": step.order,
                "name": step.name,
                "kind": step.kind,
                "executed": len(executed[number]),
                "reached": len(reached[number]),
                **left,
                "reach": rate(len(reached[number]), len(everybody), "contacts"),
                "drop_off": rate(left["dropped"], len(reached[number]), "contacts"),
            }
        )
    return {
        "sequence_id": sequence_id,
        "name": defined.name,
        "contacts": len(everybody),
        "before_first": divided(scope, everybody - (reached[0] if reached else set())),
        "steps": rows,
    }


def divided(scope: list[Enrollment], some: set[str]) -> dict[str, int]:
    """The contacts by what became of them, the first that applies."""
    waiting = some & contacts(one for one in scope if one.live)
    answered = some & contacts(one for one in scope if one.flags["replied"] or one.flags["met"])
    return {"waiting": len(waiting), "answered": len(answered - waiting), "dropped": len(some - answered - waiting)}
