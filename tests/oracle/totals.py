"""The `totals` of section 5: counted for every enrollment by itself, distinct within it, and added up."""

from collections import Counter

from tests.oracle.enrollment import Enrollment


def totals_of(one: Enrollment) -> dict[str, int]:
    return {
        "sent": len(one.messages("email.sent")),
        "delivered": len(one.messages("email.delivered")),
        "deferred": len(one.messages("email.deferred")),
        "dropped": len(one.messages("email.dropped")),
        "opens": len(one.opens),
        "clicks": len(one.clicks),
        "machine_opens": len(one.machine_opens),
        "machine_clicks": len(one.machine_clicks),
        "replies": len(one.replies),
        "auto_replies": len(one.auto_replies),
        "late_replies": len(one.late_replies),
        "meetings": len({fact.data["meeting_id"] for fact in one.meetings}),
        "meetings_canceled": len(one.canceled_meetings),
        "bounces_hard": sum(fact.data["kind"] == "hard" for fact in one.bounces),
        "bounces_soft": sum(fact.data["kind"] == "soft" for fact in one.bounces),
        "unsubscribes": len(one.of("email.unsubscribed")),
        "complaints": len(one.of("email.complained")),
        "tasks_completed": len(one.of("task.completed")),
    }


def totals(scope: list[Enrollment]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for one in scope:
        sums.update(totals_of(one))
    return dict(sums) if scope else totals_of(Enrollment("", "", ""))
