"""The tables of `enrollments` and `contacts`."""

from rich.console import Group, RenderableType
from rich.text import Text

from cli.tables.cells import Answer, label, local_day, local_minute, words
from cli.tables.table import table


def enrollments(answer: Answer, zone: str) -> RenderableType:
    statuses = " · ".join(f"{words(status)} {number:,}" for status, number in answer["statuses"].items() if number)
    title = f"enrollments: {len(answer['enrollments']):,} of {answer['total']:,}, {answer['contacts']:,} contacts"
    drawn = table(title, ("contact", "sequence", "step", "state", f"started\n({zone})"), ("sent", "opens", "clicks"))
    drawn.columns[4].no_wrap = True
    for row in answer["enrollments"]:
        who = (label(row["contact_name"], row["contact_id"]), label(row["sequence_name"], row["sequence_id"]))
        numbers = (f"{row[number]:,}" for number in ("emails_sent", "opens", "clicks"))
        drawn.add_row(*who, row["last_step"] or "", _state(row), local_day(row["started_at"], zone), *numbers)
    return Group(drawn, Text(f"in each status: {statuses or 'none'}\n", style="dim"))


def contacts(answer: Answer, zone: str) -> RenderableType:
    title = f"contacts: {len(answer['contacts']):,} of {answer['total']:,} engaged enrollments"
    drawn = table(title, ("contact", "company", "sequence", "state", f"last engaged\n({zone})"), ("clicks", "opens"))
    for row in answer["contacts"]:
        company = row["company_name"] or row["company_id"] or ""
        who = (label(row["contact_name"], row["contact_id"]), company, label(row["sequence_name"], row["sequence_id"]))
        drawn.add_row(*who, _state(row), local_minute(row["last_engaged_at"], zone), f"{row['clicks']:,}", f"{row['opens']:,}")
    return drawn


def _state(row: Answer) -> str:
    """How it came out, or what it is now."""
    return words(row["outcome"] or row["status"])
