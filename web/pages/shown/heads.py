"""What the rows of the tables are called, and where they lead."""

import json
from datetime import date
from typing import Any, NamedTuple

from web.pages import formats, links
from web.pages.shown.asked import Asked


class Head(NamedTuple):
    """The beginning of a row."""

    key: str
    """Tells it from the others."""
    label: str
    short: str = ""
    """Where there is little room."""
    href: str | None = None
    badge: str = ""


def sequence(line: Any, asked: Asked) -> Head:
    """Leads to the page of the sequence."""
    to = links.performance(line.sequence_id, asked.common, sequence=None)
    return Head(line.sequence_id, line.name or line.sequence_id, href=to, badge="archived" if getattr(line, "archived", False) else "")


def user(line: Any, asked: Asked) -> Head:
    """Leads to everything that the user has enrolled."""
    if line.enrolled_by is None:
        return Head("", "Nobody")
    return Head(line.enrolled_by, line.enrolled_by, href=links.analyze(asked.common, enrolled_by=line.enrolled_by))


def variant(line: Any, asked: Asked) -> Head:
    return Head(line.variant, line.variant, href=links.analyze(asked.common, variant=line.variant))


def month(line: Any, asked: Asked) -> Head:
    """Leads to those who started in it."""
    first = date.fromisoformat(f"{line.month}-01")
    return Head(line.month, formats.day(line.month), href=asked.started_in(first, "month"))


def point(line: Any, asked: Asked) -> Head:
    """Leads to those who started in it."""
    length = asked.one("interval") or "day"
    shown, short = period(line.start, length)
    return Head(line.start, shown, short, asked.started_in(date.fromisoformat(line.start), length))


def period(start: str, length: str) -> tuple[str, str]:
    """What a day, week or month is called that begins with a day; and the same where there is little room."""
    if length == "month":
        return formats.day(start[:7]), ""
    return formats.day(start), formats.day(start, year=False)


def step(line: Any, _asked: Asked) -> Head:
    if line.step_id is None:
        return Head("", line.name)
    name = line.name or line.step_id
    return Head(line.step_id, name if line.order is None else f"{line.order}. {name}", name)


def contact(line: Any, _asked: Asked) -> Head:
    """An enrollment in a list leads to the page of the contact."""
    key = json.dumps([line.sequence_id, line.enrollment_id, line.contact_id])
    return Head(key, line.contact_name or line.contact_id, href=links.contact(line.contact_id))


def named(line: Any, _asked: Asked) -> Head:
    """Of what is said already."""
    return Head(line.key, line.label)
