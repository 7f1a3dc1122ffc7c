"""What the measures and the dimensions of the report `custom` are called."""

from collections.abc import Mapping
from typing import Final

from web.pages.meanings import OUTCOMES, RATES, TOTALS

_SHOWN: Final = {
    "opened": "Opened",
    "opened_any": "Opened, also by machines",
    "clicked": "Clicked",
    "clicked_any": "Clicked, also by machines",
    "replied": "Replied",
    "replied_to_sequence": "Replied to sequence",
    "met": "Met",
    "bounced": "Bounced",
    "unsubscribed": "Unsubscribed",
    "complained": "Complained",
    "engaged": "Engaged in any way",
}
GROUPS: Final[Mapping[str, Mapping[str, str]]] = {
    "How many": {"started": "Enrollments", "contacts": "Contacts", "live": "Still enrolled"},
    "Rates": {**{f"{name}_rate": label for name, label in RATES.items()}, "adjusted_open_rate": "Open rate without machines"},
    "Enrollments that": _SHOWN,
    "Outcomes": {f"outcome_{name}": f"Outcome: {label.lower()}" for name, label in OUTCOMES.items()},
    "Totals": TOTALS,
    "Replies by sentiment": {
        "replies_positive": "Positive replies",
        "replies_neutral": "Neutral replies",
        "replies_negative": "Negative replies",
        "replies_unknown": "Replies of unknown sentiment",
    },
}
"""What the measures are called, by what they are."""
MEASURES: Final[Mapping[str, str]] = {name: label for group in GROUPS.values() for name, label in group.items()}
DIMENSIONS: Final[Mapping[str, str]] = {
    "sequence": "Sequence",
    "step": "Current step",
    "user": "User",
    "team": "Team",
    "company": "Company",
    "variant": "Variant",
    "status": "Status",
    "outcome": "Outcome",
    "day": "Day",
    "week": "Week",
    "month": "Month",
}
