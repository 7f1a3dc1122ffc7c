"""One long story of a contact, for tests that need every table filled."""

import json
from typing import Any


def event(type_: str, time: str, /, account: str = "default", **data: Any) -> dict[str, Any]:
    """An event of 2026-03-02; what it says is its identity."""
    return {
        "specversion": "1.0",
        "id": json.dumps([type_, time, data], sort_keys=True)[:128],
        "source": "mailer",
        "type": type_,
        "time": f"2026-03-02T{time}:00Z",
        "account": account,
        "data": data,
    }


def story(contact: str, *, account: str = "default") -> list[dict[str, Any]]:
    """Two runs, a message that both have sent and that was answered, one that waits, and a profile."""
    first = {"contact_id": contact, "enrollment_id": "e-1", "sequence_id": "s-1"}
    second = {"contact_id": contact, "enrollment_id": "e-2", "sequence_id": "s-2"}
    message = {"contact_id": contact, "message_id": "m-1"}
    return [
        event("enrollment.started", "09:00", account, **first, enrolled_by="u-1", company_id="co-1", team_id="t-1", variant="A"),
        event("email.sent", "09:01", account, **first, message_id="m-1", step_id="st-1"),
        event("email.delivered", "09:02", account, **message),
        event("email.opened", "10:00", account, **message),
        event("email.clicked", "10:01", account, **message),
        event("email.replied", "11:00", account, **message, sentiment="positive"),
        event("enrollment.started", "09:30", account, **second),
        event("email.sent", "09:31", account, **second, message_id="m-1", step_id="st-2"),
        event("email.opened", "09:40", account, contact_id=contact, message_id="m-unknown"),
        event("enrollment.finished", "12:00", account, **first),
        event("contact.updated", "08:00", account, contact_id=contact, name="Ada"),
    ]
