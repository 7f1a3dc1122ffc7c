"""Report calls for hypothesis that hit what a history has: filters, bases, time zones, subjects."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from tests.strategies.histories import REASONS, Draw, Event

TIME_ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]


def _existing(history: list[Event], *names: str) -> list[str]:
    found = {event["data"].get(name) for event in history for name in names}
    return sorted(value for value in found if value is not None)


def _some(values: list[str]) -> st.SearchStrategy[list[str]]:
    """Mostly values that the history has; now and then one that nobody has."""
    return st.lists(st.sampled_from([*values, *values, *values, "unknown"]), min_size=1, max_size=2, unique=True)


@st.composite
def filters_for(draw: Draw, history: list[Event], not_started: bool = False) -> dict[str, Any]:
    """Parameters of a report: `filters` (up to three of section 4), `basis`, `opens`, `time_zone`.

    `not_started` lets the status filter ask for scheduled and canceled, as only the list of enrollments takes them.
    """
    statuses = [
        "active",
        "paused",
        "finished",
        "unenrolled",
        "errored",
        *(f"unenrolled:{reason}" for reason in _existing(history, "reason") if reason in REASONS),
    ]
    days = st.sampled_from(["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02"])
    choices: Mapping[str, st.SearchStrategy[Any]] = {
        "sequence": _some(_existing(history, "sequence_id")),
        "company": _some(_existing(history, "company_id")),
        "enrolled_by": _some(_existing(history, "enrolled_by")),
        "team": _some(_existing(history, "team_id")),
        "variant": _some(_existing(history, "variant")),
        "status": st.lists(
            st.sampled_from([*statuses, *(["scheduled", "canceled"] * 3 if not_started else [])]), min_size=1, max_size=3, unique=True
        ),
        "step": _some(_existing(history, "step_id")),
        "enrolled_from": days,
        "enrolled_to": days,
    }
    names = draw(st.lists(st.sampled_from(list(choices)), max_size=3, unique=True))
    filters = {name: draw(choices[name]) for name in names}
    if filters.get("enrolled_from", "") > filters.get("enrolled_to", "9"):
        filters["enrolled_from"], filters["enrolled_to"] = filters["enrolled_to"], filters["enrolled_from"]
    return {
        "filters": filters,
        "basis": draw(st.sampled_from(["contacts", "enrollments", "messages"])),
        "opens": draw(st.sampled_from(["human", "all"])),
        "time_zone": draw(st.sampled_from(TIME_ZONES)),
    }


REPORT_PARAMETERS = {
    "performance": ("filters", "basis", "opens", "time_zone"),
    "analyze": ("filters", "basis", "opens", "time_zone"),
    "sequences": ("filters", "basis", "opens", "time_zone"),
    "steps": ("filters", "opens", "time_zone"),
    "enrollments": ("filters", "time_zone"),
    "contacts": ("filters", "time_zone"),
    "monthly": ("filters", "opens", "time_zone"),
    "trend": ("filters", "opens", "time_zone"),
    "engagement": ("filters", "opens", "time_zone"),
}
SORT_COLUMNS = [
    "sequence_id",
    "name",
    "owner_id",
    "archived",
    "created_at",
    "enrollments",
    "contacts",
    "opens",
    "clicks",
    "replies",
    "meetings",
]


@st.composite
def calls_for(
    draw: Draw, history: list[Event], names: tuple[str, ...] = ("performance", "analyze", "sequences", "steps")
) -> tuple[str, dict[str, Any]]:
    """A report's name and parameters that it takes, its subject included."""
    name = draw(st.sampled_from(names))
    drawn = draw(filters_for(history, not_started=name == "enrollments"))
    parameters = {one: drawn[one] for one in REPORT_PARAMETERS[name]}
    if name in ("performance", "steps"):
        own = [event for event in history if (event.get("account") or "default") == "default"]
        parameters["sequence_id"] = draw(st.sampled_from(_existing(own, "sequence_id")))
    if name == "sequences":
        parameters |= draw(
            st.sampled_from([{}, *({"sort": column, "order": order} for column in SORT_COLUMNS for order in ("asc", "desc"))])
        )
    if name == "trend":
        parameters |= draw(
            st.sampled_from(
                [{"interval": "day"}, {"interval": "week"}, {"interval": "week", "week_start": "sunday"}, {"interval": "month"}]
            )
        )
    return name, parameters
