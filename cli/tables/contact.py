"""The tables of `contact`: who it is, the enrollments, and what each event did."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from cli.tables.cells import NOTHING, Answer, label, local_day, local_minute, words
from cli.tables.table import table


def contact(answer: Answer, zone: str) -> RenderableType:
    profile = table(f"contact: {label(answer['name'], answer['contact_id'])}", ("id", "e-mail", "company"), ())
    profile.add_row(answer["contact_id"], answer["email"] or NOTHING, label(answer["company_name"], answer["company_id"]))
    enrolled = table("enrollments", ("enrollment", "sequence", "step", "status", f"started\n({zone})"), ("sent", "opens", "clicks"))
    enrolled.columns[4].no_wrap = True
    for row in answer["enrollments"]:
        status = row["status"] if row["reason"] is None else f"{row['status']}: {words(row['reason'])}"
        numbers = (f"{row[number]:,}" for number in ("emails_sent", "opens", "clicks"))
        sequence, started = label(row["sequence_name"], row["sequence_id"]), local_day(row["started_at"], zone)
        enrolled.add_row(row["enrollment_id"], sequence, row["last_step"] or "", status, started, *numbers)
    history = table("what happened", (f"time\n({zone})", "event", "what it did"), ())
    history.columns[0].no_wrap = True
    several = len({change["enrollment_id"] for event in answer["events"] for change in event["changes"]}) > 1
    for event in answer["events"]:
        history.add_row(local_minute(event["time"], zone), event["type"], _deeds(event, zone, several=several))
    return Group(profile, enrolled, history)


def _deeds(event: Answer, zone: str, *, several: bool) -> Text:
    """What an event changed, in words; `several`: whether it has to be said in which enrollment."""
    by_enrollment: dict[str, list[str]] = {}
    for change in event["changes"]:
        by_enrollment.setdefault(change["enrollment_id"], []).append(change_in_words(change, zone))
    lines = [f"{enrollment}: {', '.join(deeds)}" if several else ", ".join(deeds) for enrollment, deeds in by_enrollment.items()]
    told = Text("\n".join(lines))
    if event["note"] is not None:
        told.append(f"{' ' if lines else ''}({event['note']})", style="yellow")
    return told


def change_in_words(change: Answer, zone: str) -> str:
    """One thing that an event changed."""
    name, before, after = words(change["field"].removesuffix("_id")), change["before"], change["after"]
    if isinstance(after, bool):
        return name if after else f"not {name} any more"
    if change["field"].endswith("_at"):
        before, after = (None if time is None else local_minute(time, zone) for time in (before, after))
    return f"{name} {_said(after)}" if before is None else f"{name} {_said(before)} → {_said(after)}"


def _said(value: Any) -> str:
    return NOTHING if value is None else str(value)
