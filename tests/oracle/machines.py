"""The report `opens`: the open rate as it is, and without what only machines opened."""

from collections.abc import Iterable
from typing import Any

from tests.oracle import resolve
from tests.oracle.catalogue import sequence
from tests.oracle.enrollment import Enrollment, all_enrollments
from tests.oracle.filters import Filters, check, in_scope
from tests.oracle.rates import rate, rates
from tests.oracle.resolve import Event, Fact


def opens(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    basis: str = "contacts",
    opens: str = "human",
    time_zone: str = "UTC",
) -> dict[str, Any]:
    """`opens` acts on the plain rate alone. Every sequence that any event has named is there."""
    check(filters or {})
    known = resolve.history(events, account)
    scope = in_scope(all_enrollments(known), filters or {}, time_zone)
    rows = []
    for sequence_id in resolve.sequence_ids(known):
        own = [one for one in scope if one.sequence_id == sequence_id]
        rows.append({"sequence_id": sequence_id, "name": sequence(known, sequence_id).name, **both(own, basis, opens)})
    return {"basis": basis, "opens": opens, "total": both(scope, basis, opens), "sequences": rows}


def both(scope: list[Enrollment], basis: str, opens: str) -> dict[str, Any]:
    everything, by_people, by_anything = opened(scope, basis)
    by_machines_only = by_anything - by_people
    return {
        "plain": rates(scope, basis, opens)["open"],
        "adjusted": rate(len(by_people), len(everything - by_machines_only), basis),
        "machine_only": len(by_machines_only),
    }


def opened(scope: list[Enrollment], basis: str) -> tuple[set[Any], set[Any], set[Any]]:
    """What the basis counts: all of it, what people opened, and what people or machines opened."""
    if basis == "contacts":
        return (
            {one.contact_id for one in scope},
            {one.contact_id for one in scope if one.flags["opened"]},
            {one.contact_id for one in scope if one.flags["opened_any"]},
        )
    if basis == "enrollments":
        return set(scope), {one for one in scope if one.flags["opened"]}, {one for one in scope if one.flags["opened_any"]}
    delivered = {(one.contact_id, message) for one in scope for message in one.messages("email.delivered")}
    people = messages_of(fact for one in scope for fact in one.opens)
    machines = messages_of(fact for one in scope for fact in one.machine_opens)
    return delivered, people & delivered, (people | machines) & delivered


def messages_of(facts: Iterable[Fact]) -> set[tuple[str, str]]:
    return {(fact.data["contact_id"], fact.data["message_id"]) for fact in facts}
