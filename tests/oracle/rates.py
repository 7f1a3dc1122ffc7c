"""Section 3: rates in three bases. 0/0 is null, never 0 or 1."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.oracle.enrollment import Enrollment

Rate = dict[str, Any]
Message = tuple[str, str]
"""A message is known by (contact_id, message_id)."""

RATES = ("open", "click", "reply", "reply_to_sequence", "meeting", "no_response", "bounce", "unsubscribe", "complaint", "engaged")
FLAGS = {
    "open": "opened",
    "click": "clicked",
    "reply": "replied",
    "reply_to_sequence": "replied_to_sequence",
    "meeting": "met",
    "bounce": "bounced",
    "unsubscribe": "unsubscribed",
    "complaint": "complained",
    "engaged": "engaged",
}
ANY_INSTEAD = {"opened": "opened_any", "clicked": "clicked_any", "engaged": "engaged_any"}


def rate(numerator: int, denominator: int, basis: str) -> Rate:
    value = numerator / denominator if denominator else None
    return {"numerator": numerator, "denominator": denominator, "basis": basis, "value": value}


def flag(one: Enrollment, name: str, opens: str) -> bool:
    """`opens=all` puts opened_any / clicked_any in place of opened / clicked, in what is made of them too."""
    return one.flags[ANY_INSTEAD.get(name, name) if opens == "all" else name]


def contacts(scope: Iterable[Enrollment]) -> set[str]:
    return {one.contact_id for one in scope}


def of_contacts(scope: list[Enrollment], opens: str) -> dict[str, Rate]:
    everybody = contacts(scope)
    rates = {}
    for name, flag_name in FLAGS.items():
        rates[name] = rate(len(contacts(one for one in scope if flag(one, flag_name, opens))), len(everybody), "contacts")
    silent = contacts(one for one in scope if one.outcome == "no_response")
    heard_of = contacts(one for one in scope if one.live or one.flags["replied"] or one.flags["met"])
    rates["no_response"] = rate(len(silent - heard_of), len(everybody), "contacts")
    return rates


def of_enrollments(scope: list[Enrollment], opens: str) -> dict[str, Rate]:
    rates = {}
    for name, flag_name in FLAGS.items():
        rates[name] = rate(sum(flag(one, flag_name, opens) for one in scope), len(scope), "enrollments")
    rates["no_response"] = rate(sum(one.outcome == "no_response" for one in scope), len(scope), "enrollments")
    return rates


def of_messages(scope: list[Enrollment], opens: str) -> dict[str, Rate]:
    """An event's own enrollment decides whether it is in scope; messages are distinct over the whole scope (section 7)."""

    def messages(choose: Callable[[Enrollment], Iterable[str]]) -> set[Message]:
        return {(one.contact_id, message_id) for one in scope for message_id in choose(one)}

    def opened(one: Enrollment) -> Iterable[str]:
        return [fact.data["message_id"] for fact in one.opens + (one.machine_opens if opens == "all" else [])]

    def clicked(one: Enrollment) -> Iterable[str]:
        return [fact.data["message_id"] for fact in one.clicks + (one.machine_clicks if opens == "all" else [])]

    delivered = messages(lambda one: one.messages("email.delivered"))
    sent = messages(lambda one: one.messages("email.sent"))
    replied = messages(lambda one: one.messages("email.replied"))

    def of(happened: set[Message], among: set[Message]) -> Rate:
        return rate(len(happened & among), len(among), "messages")

    return {
        "open": of(messages(opened), delivered),
        "click": of(messages(clicked), delivered),
        "reply": of(replied, delivered),
        "reply_to_sequence": of(replied, delivered),
        "meeting": rate(0, 0, "messages"),
        "no_response": rate(0, 0, "messages"),
        "bounce": of(messages(lambda one: one.messages("email.bounced")), sent),
        "unsubscribe": of(messages(lambda one: one.messages("email.unsubscribed")), delivered),
        "complaint": of(messages(lambda one: one.messages("email.complained")), delivered),
        "engaged": rate(0, 0, "messages"),
    }


def rates(scope: list[Enrollment], basis: str, opens: str) -> dict[str, Rate]:
    if opens not in ("human", "all"):
        raise ValueError(f"opens: {opens!r} is neither human nor all")
    by_basis = {"contacts": of_contacts, "enrollments": of_enrollments, "messages": of_messages}
    if basis not in by_basis:
        raise ValueError(f"basis: {basis!r} is not one of {', '.join(by_basis)}")
    made = by_basis[basis](scope, opens)
    return {name: made[name] for name in RATES}
