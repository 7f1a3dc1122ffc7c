"""The reports by who enrolled: `leaderboard` and `senders`."""

from collections.abc import Iterable
from typing import Any

from tests.oracle.enrollment import Enrollment
from tests.oracle.filters import Filters, scope_of
from tests.oracle.lists import public, sort_rows
from tests.oracle.rates import contacts, flag, of_contacts, rate
from tests.oracle.resolve import Event
from tests.oracle.totals import totals

COUNTED = ("opened", "clicked", "replied", "met")
USER_RATES = ("open", "click", "reply", "meeting", "bounce")
USER_COLUMNS = ("enrolled_by", "enrollments", "contacts", "emails_sent", *COUNTED)


def by_user(scope: list[Enrollment]) -> dict[str | None, list[Enrollment]]:
    users = {one.attributes["enrolled_by"] for one in scope}
    return {user: [one for one in scope if one.attributes["enrolled_by"] == user] for user in users}


def leaderboard(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    opens: str = "human",
    time_zone: str = "UTC",
    sort: str | None = None,
    order: str | None = None,
) -> dict[str, Any]:
    """Most met first unless set; a rate sorts by its value. Ties by user, nobody last."""
    sort, order = sort or "met", order or "desc"
    if sort not in (*USER_COLUMNS, *USER_RATES):
        raise ValueError(f"sort: no column or rate {sort!r}")
    if order not in ("asc", "desc"):
        raise ValueError(f"order: {order!r} is neither asc nor desc")
    rows: list[dict[str, Any]] = []
    for user, own in by_user(scope_of(events, account, filters, time_zone)).items():
        made = of_contacts(own, opens)
        rows.append(
            {
                "enrolled_by": user,
                "enrollments": len(own),
                "contacts": len(contacts(own)),
                "emails_sent": totals(own)["sent"],
                **{name: sum(flag(one, name, opens) for one in own) for name in COUNTED},
                "rates": {name: made[name] for name in USER_RATES},
            }
        )
    for row in rows:
        row["_sort"] = row["rates"][sort]["value"] if sort in USER_RATES else row[sort]
    return {"users": [public(row) for row in sort_rows(rows, [("_sort", order == "desc"), ("enrolled_by", False)], [])]}


def senders(
    events: Iterable[Event],
    account: str = "default",
    filters: Filters | None = None,
    time_zone: str = "UTC",
    minimum: int = 100,
) -> dict[str, Any]:
    """Best reply rate first. The minimum is fixed; it is a parameter here so that a history need not be so long."""
    rows = []
    for user, own in by_user(scope_of(events, account, filters, time_zone)).items():
        if user is None:
            continue
        ended = [one for one in own if one.end is not None]
        arrived = [one for one in ended if not one.flags["bounced"]]
        judged = len(ended) >= minimum
        reply = rate(sum(one.flags["replied"] for one in arrived), len(arrived), "enrollments") if judged else None
        bounce = rate(sum(one.flags["bounced"] for one in ended), len(ended), "enrollments") if judged else None
        rows.append(
            {
                "enrolled_by": user,
                "ended": len(ended),
                "reply_rate": reply,
                "bounce_rate": bounce,
                "_value": None if reply is None else reply["value"],
            }
        )
    return {"minimum": minimum, "users": [public(row) for row in sort_rows(rows, [("_value", True)], ["enrolled_by"])]}
