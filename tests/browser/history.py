"""What the served Tally has been told: a small company as it was until now, and a sequence in which every name is hostile."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import time
from typing import Any, Final

from cli.demo.company import Company

SEQUENCE: Final = "spring-outreach"
"""The one with most contacts."""
CONTACT: Final = "c-000012"
COMPANY: Final = "co-00001"
CONTACTS: Final = 60

HOSTILE: Final = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror=window.hacked=1>',
    "' onmouseover='window.hacked=1' x='",
    "javascript:window.hacked=1//",
    "</title></textarea></script><svg onload=window.hacked=1>",
    "{{ 7 * 7 }}${window.hacked = 1}%0A",
    "../../login?next=//evil.example/#x",
    "&lt;b&gt; &amp;amp; \\u003cb\\u003e",
    "\u202etxt.exe\u202c \u2066left\u2069",
    "😀" * 128,
    "x" * 128,
)
"""Names, and ids as well: each has at most 128 characters, and none that is a control character."""
HOSTILE_SEQUENCE: Final = HOSTILE[1]
"""The sequence in which everything has such a name."""


def history() -> list[dict[str, Any]]:
    """All events, in the order in which they are published."""
    return [*Company(5, CONTACTS, until=int(time() * 1000)).history(), *_hostile()]


def event(type_: str, ago: timedelta, /, **data: Any) -> dict[str, Any]:
    """An event of some time ago; what it says is its identity."""
    when = datetime.now(UTC) - ago
    return {
        "specversion": "1.0",
        "id": sha256(json.dumps([type_, str(ago), data]).encode()).hexdigest(),
        "source": "mailer",
        "type": type_,
        "time": when.isoformat(timespec="milliseconds"),
        "data": data,
    }


def enrolled(number: int, sequence: str = SEQUENCE, **more: Any) -> dict[str, Any]:
    """Somebody new, who is enrolled just now. `number`: one that no other test has, as they share what they may change."""
    names = {"contact_id": f"new-{number}", "enrollment_id": f"new-{number}", "sequence_id": sequence}
    return event("enrollment.started", timedelta(seconds=1), **names, **more)


def _hostile() -> Iterator[dict[str, Any]]:
    days = [timedelta(days=9 - place / 2) for place in range(16)]
    steps = [{"step_id": name, "order": place, "kind": "automated_email", "name": name} for place, name in enumerate(HOSTILE, 1)]
    defined = {"version": 1, "owner_id": HOSTILE[0], "steps": steps}
    for place, name in enumerate(HOSTILE):
        yield event("sequence.defined", days[0], sequence_id=name, name=name, **defined)
        names = {"contact_id": name, "enrollment_id": name, "sequence_id": HOSTILE_SEQUENCE}
        message = {"contact_id": name, "message_id": name}
        whose = {"enrolled_by": name, "company_id": name, "team_id": name, "variant": name}
        yield event("contact.updated", days[1], contact_id=name, name=name, email=name, company_id=name, company_name=name)
        yield event("enrollment.started", days[2], **names, **whose)
        yield event("email.sent", days[3], **names, message_id=name, step_id=HOSTILE[place], variant=name)
        yield event("email.delivered", days[4], **message)
        yield event("email.opened", days[5], **message, user_agent=name)
        yield event("email.clicked", days[6], **message, url=name)
        if place % 3 == 1:
            yield event("email.replied", days[7], **message, sentiment="positive")
        if place % 3 == 2:
            yield event("enrollment.errored", days[8], **names, error=name)
    cards = [
        {"report": "performance", "parameters": {"sequence_id": HOSTILE_SEQUENCE}, "title": HOSTILE[0]},
        {"report": "steps", "parameters": {"sequence_id": HOSTILE_SEQUENCE}},
        {"report": "contacts", "parameters": {"team": list(HOSTILE[:5])}, "title": HOSTILE[9]},
    ]
    yield event("dashboard.saved", days[9], dashboard_id=HOSTILE[0], name=HOSTILE[0], cards=cards)
