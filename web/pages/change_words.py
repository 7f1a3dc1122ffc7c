"""What an event changed about an enrollment, in words."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from projections.history import Change, Value
from projections.meaning import FLAGS, TOTALS
from web.pages import formats
from web.pages.listed import reason_words
from web.pages.meanings import OUTCOMES
from web.pages.meanings import TOTALS as TOTAL_LABELS
from web.pages.step_names import StepNames

_COLUMNS: Final = {
    "status": "Status",
    "reason": "Reason",
    "outcome": "Outcome",
    "started_at": "Started",
    "ended_at": "Ended",
    "step": "Current step",
    "enrolled_by": "Enrolled by",
    "company_id": "Company",
    "team_id": "Team",
    "variant": "Variant",
}
_FLAGS: Final = {
    **{flag: flag.replace("_", " ") for flag in FLAGS},
    "opened_any": "opened, machines included",
    "clicked_any": "clicked, machines included",
}
_WITHIN: Final = {"opened_any": "opened", "clicked_any": "clicked", "outcome": "status"}
"""What says nothing more where the other changed in the same way."""


class Told(NamedTuple):
    """One change; `strong`: it is about how the enrollment stands or what counts for rates, and not a detail."""

    text: str
    strong: bool


def told(changes: Sequence[Change], time: str, steps: StepNames, zone: str) -> list[Told]:
    """The changes that one event, which happened at `time`, made to one enrollment."""
    changed = {change.field: (change.before, change.after) for change in changes}
    return [
        _told(change, steps, zone)
        for change in changes
        if changed.get(_WITHIN.get(change.field, "")) != (change.before, change.after) and not _is_obvious(change, time)
    ]


def _is_obvious(change: Change, time: str) -> bool:
    """Whether an event began or ended something just when it happened, as one expects."""
    return change.field in ("started_at", "ended_at") and change.before is None and change.after == time


def _told(change: Change, steps: StepNames, zone: str) -> Told:
    field, before, after = change.field, change.before, change.after
    if field in _FLAGS:
        return Told(f"counts as {_FLAGS[field]}" if after else f"does not count as {_FLAGS[field]} any more", True)
    if field in TOTALS:
        return Told(f"{TOTAL_LABELS[field]} {_number(before)} → {_number(after)}", False)

    def word(value: Value) -> str:
        return _word(change, value, steps, zone)

    label = _COLUMNS[field]
    return Told(
        f"{label}: {word(after)}" if before is None else f"{label}: {word(before)} → {word(after)}",
        field in ("status", "reason", "outcome"),
    )


def _number(value: Value) -> str:
    return formats.number(value) if isinstance(value, int) else formats.NOTHING


def _word(change: Change, value: Value, steps: StepNames, zone: str) -> str:
    if not isinstance(value, str):
        return formats.NOTHING
    match change.field:
        case "status":
            return value
        case "reason":
            return reason_words(value)
        case "outcome":
            return OUTCOMES[value].lower()
        case "started_at" | "ended_at":
            return formats.moment(value, zone)
        case "step":
            return steps.get((change.sequence_id, value), value)
        case _:
            return value
