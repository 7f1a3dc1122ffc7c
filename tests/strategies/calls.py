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
    days = st.sampled_from(["2026-03-30", "2026-03-31", "2026-04-01", "2026-04-02", "2026-05-03"])
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
    "enrollments": ("filters", "opens", "time_zone"),
    "contacts": ("filters", "time_zone"),
    "contact": ("filters", "time_zone"),
    "monthly": ("filters", "opens", "time_zone"),
    "trend": ("filters", "opens", "time_zone"),
    "engagement": ("filters", "opens", "time_zone"),
    "funnel": ("filters", "time_zone"),
    "times": ("filters", "time_zone"),
    "variants": ("filters", "opens", "time_zone"),
    "opens": ("filters", "basis", "opens", "time_zone"),
    "sentiment": ("filters", "time_zone"),
    "leaderboard": ("filters", "opens", "time_zone"),
    "senders": ("filters", "time_zone"),
    "custom": ("filters", "basis", "opens", "time_zone"),
}
"""What every report takes; what it takes besides is drawn by `calls_for`."""
SUBJECTS = {"performance": "sequence_id", "steps": "sequence_id", "funnel": "sequence_id", "contact": "contact_id"}
"""Reports about one thing, and what names it."""
TAKING_NOT_STARTED = ("enrollments", "contact")
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
USER_SORTS = [
    *("enrolled_by", "enrollments", "contacts", "emails_sent", "opened", "clicked", "replied", "met"),
    *("open", "click", "reply", "meeting", "bounce"),
]
CELLS = {
    "executed": "email.sent",
    "skipped": "step.skipped",
    "open": "email.opened",
    "click": "email.clicked",
    "reply": "email.replied",
    "meeting": "meeting.booked",
    "bounce": "email.bounced",
}
"""Kinds of cells of a step, and what has to happen for one to be of any interest."""
DATES = ["day", "week", "month"]
DIMENSIONS = ["sequence", "step", "user", "team", "company", "variant", "status", "outcome", *DATES]
MEASURES = [
    *("started", "contacts", "live"),
    *("opened", "opened_any", "clicked", "clicked_any", "replied", "replied_to_sequence"),
    *("met", "bounced", "unsubscribed", "complained", "engaged"),
    *("open_rate", "click_rate", "reply_rate", "reply_to_sequence_rate", "meeting_rate", "no_response_rate"),
    *("bounce_rate", "unsubscribe_rate", "complaint_rate", "engaged_rate", "adjusted_open_rate"),
    *("sent", "delivered", "deferred", "dropped", "opens", "clicks", "machine_opens", "machine_clicks", "replies", "auto_replies"),
    *("late_replies", "meetings", "meetings_canceled", "bounces_hard", "bounces_soft", "unsubscribes", "complaints", "tasks_completed"),
    *("replies_positive", "replies_neutral", "replies_negative", "replies_unknown"),
    *("outcome_active", "outcome_paused", "outcome_meeting", "outcome_replied", "outcome_unsubscribed", "outcome_complained"),
    *("outcome_bounced", "outcome_errored", "outcome_company_stop", "outcome_no_response"),
]
"""Every measure of the page, written out once more, so that none is forgotten."""


def _sorting(columns: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([{}, *({"sort": column, "order": order} for column in columns for order in ("asc", "desc"))])


_mostly = st.sampled_from([True, True, False])
_sequences_sorting = _sorting(SORT_COLUMNS)
_users_sorting = _sorting(USER_SORTS)
_interval = st.sampled_from(
    [{"interval": "day"}, {"interval": "week"}, {"interval": "week", "week_start": "sunday"}, {"interval": "month"}]
)
_some_measures = st.lists(st.sampled_from(MEASURES), min_size=1, max_size=4, unique=True)
_some_dimensions = st.lists(st.sampled_from(DIMENSIONS), max_size=3, unique=True)
_some_of_custom = st.sampled_from(
    [{}, {}, {"week_start": "sunday"}, {"week_start": "monday"}, {"limit": 1}, {"limit": 2, "week_start": "sunday"}, {"limit": 3}]
)
_order = st.sampled_from([{}, {"order": "asc"}, {"order": "desc"}])


@st.composite
def calls_for(
    draw: Draw, history: list[Event], names: tuple[str, ...] = ("performance", "analyze", "sequences", "steps")
) -> tuple[str, dict[str, Any]]:
    """A report's name and parameters that it takes, its subject included."""
    name = draw(st.sampled_from(names))
    drawn = draw(filters_for(history, not_started=name in TAKING_NOT_STARTED))
    parameters: dict[str, Any] = {one: drawn[one] for one in REPORT_PARAMETERS[name]}
    own = [event for event in history if (event.get("account") or "default") == "default"]
    if name in SUBJECTS:
        parameters[SUBJECTS[name]] = draw(st.sampled_from(_existing(own, SUBJECTS[name])))
    if name == "sequences":
        parameters |= draw(_sequences_sorting)
    if name == "leaderboard":
        parameters |= draw(_users_sorting)
    if name == "trend":
        parameters |= draw(_interval)
    if name == "variants":
        parameters |= draw(st.sampled_from([{}, {}, *({"baseline": one} for one in [*_existing(own, "variant"), "unknown"])]))
    if name == "enrollments" and draw(_mostly):
        cell, sequence = draw(st.sampled_from(cells_of(own)))
        # A cell is of one sequence, and among many filters most cells are empty.
        parameters["filters"] = {**(parameters["filters"] if draw(_mostly) else {}), "sequence": [sequence]}
        parameters["cell"] = cell
    if name == "custom":
        parameters |= draw(questions())
    return name, parameters


def cells_of(own: list[Event]) -> list[tuple[str, str]]:
    """Cells with their sequence: of what happened to a contact and of the steps of that contact, so that many are not empty."""
    steps = [event["data"] for event in own if event["data"].get("step_id") and event["data"].get("sequence_id")]
    cells = {
        (f"{kind}:{step['step_id']}", step["sequence_id"])
        for event in own
        for kind, type_ in CELLS.items()
        if event["type"] == type_
        for step in steps
        if step["contact_id"] == event["data"]["contact_id"]
    }
    sequences = _existing(own, "sequence_id")
    return [*sorted(cells), ("no_step", sequences[0]), ("no_step", sequences[-1]), ("open:unknown", sequences[0])]


@st.composite
def questions(draw: Draw) -> dict[str, Any]:
    """What `custom` is asked for: measures by dimensions, sorted by one of them, all of the rows or the first ones."""
    measures, by = draw(_some_measures), draw(_some_dimensions)
    dates = [dimension for dimension in by if dimension in DATES]
    question: dict[str, Any] = {"measures": measures, "by": [dimension for dimension in by if dimension not in dates[1:]]}
    question |= draw(_some_of_custom) | draw(_order)
    question |= draw(st.sampled_from([{}, *({"sort": one} for one in (*measures, *question["by"]))]))
    return question
