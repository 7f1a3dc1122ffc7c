"""What happened last to several people, told as one story."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Final, NamedTuple

from projections.reports.contact import Contact
from web.pages.contact import EVERY_STATUS
from web.pages.listed import sequences_of
from web.pages.site import Visit
from web.pages.step_names import step_names
from web.pages.timeline import Day, Entry, Story, days

PEOPLE: Final = 10
EVENTS: Final = 50
ENOUGH: Final = 2.0
"""Seconds after which nobody else is looked for in the log, which has to be read for each of them."""


class Lately(NamedTuple):
    """The newest events of some people, the newest first."""

    days: list[Day]
    shown: int
    events: int
    """All that these people have."""
    people: int


async def lately(visit: Visit, contacts: Sequence[str]) -> Lately:
    """Of the first of the contacts. Raises what the report `contact` raises, and `Busy`."""
    found = await _stories(visit, contacts[:PEOPLE])
    steps = await step_names(visit, sequences_of(row for one in found for row in one.enrollments))
    entries = [entry for one in found for entry in Story(one, steps, visit.zone).entries(one.events[: -EVENTS - 1 : -1])]
    entries.sort(key=_time, reverse=True)  # those of one instant stay as they are
    shown = entries[:EVENTS]
    return Lately(days(shown), len(shown), sum(len(one.events) for one in found), len(found))


async def _stories(visit: Visit, contacts: Sequence[str]) -> list[Contact]:
    """One after the other, each as of an instant of its own; fewer than asked for where that takes too long, but at least one."""
    found: list[Contact] = []
    begun = monotonic()
    for contact in contacts:
        if found and monotonic() - begun > ENOUGH:
            break
        found += await visit.answers(visit.ask("contact", contact, {"status": EVERY_STATUS}))
    return found


def _time(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.event.time)
