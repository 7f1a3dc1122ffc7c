"""The cells of `steps`: which enrollments are behind a number that counts contacts, or that have not reached a step."""

from tests.oracle.enrollment import Enrollment
from tests.oracle.filters import Filters, values
from tests.oracle.rates import contacts

DONE = {"executed": ("step.executed", "email.sent"), "skipped": ("step.skipped",)}
CREDITED = ("open", "click", "reply", "meeting", "bounce")


def check_cell(cell: str, filters: Filters) -> None:
    kind, colon, step_id = cell.partition(":")
    if cell != "no_step" and (kind not in (*DONE, *CREDITED) or not colon or not step_id):
        raise ValueError(f"cell: {cell!r} is no cell of steps")
    if len(values(filters, "sequence") or []) != 1:
        raise ValueError("cell: is of one sequence, which has to be named")


def doing(scope: list[Enrollment], kind: str, step_id: str) -> list[Enrollment]:
    """Those that executed or skipped the step themselves."""
    return [one for one in scope if any(fact.data["step_id"] == step_id for fact in one.of(*DONE[kind]))]


def credited(scope: list[Enrollment], kind: str, step_id: str, opens: str) -> list[Enrollment]:
    """Rule 14: those with an event of the kind credited to the step; of any kind of reader if machines count as well."""
    kinds = [kind, f"machine_{kind}"] if opens == "all" and kind in ("open", "click") else [kind]
    return [one for one in scope if any(one.credits[name].get(step_id, 0) for name in kinds)]


def in_cell(scope: list[Enrollment], cell: str, opens: str) -> list[Enrollment]:
    """`scope` is the started enrollments of the one sequence that pass the filters."""
    if cell == "no_step":
        return [one for one in scope if one.current_step is None]
    kind, _, step_id = cell.partition(":")
    if kind in DONE:
        return doing(scope, kind, step_id)
    # The rate counts such events in any enrollment, but only of contacts that executed the step.
    executed = contacts(doing(scope, "executed", step_id))
    return [one for one in credited(scope, kind, step_id, opens) if one.contact_id in executed]
