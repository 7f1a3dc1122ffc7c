"""Explanations as people and programs read them."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.text import Text

from cli.console import local_time, printable
from cli.tables.cells import percent, words
from cli.tables.contact import change_in_words
from cli.tables.table import table
from projections.explain.explanation import ExplainedEnrollment, Explanation, NamedEvent
from projections.explain.finding import Found
from projections.explain.story import StoryStep


def draw_explanation(found: Explanation, zone: str) -> RenderableType:
    """A line for each event, under the enrollment and contact that it makes count."""
    rate = found.rate
    title = f"{words(found.metric)}: {percent(rate.model_dump())}, {rate.numerator:,} of {rate.denominator:,} {found.basis}"
    drawn = table(title, ("contact", "enrollment", "outcome", "counts", f"because of\n({zone})", "record"), ())
    for contact in found.contacts:
        name = contact.contact_id
        for one in contact.enrollments:
            head = (name, f"{one.enrollment_id} ({one.sequence_id})", words(one.outcome), "yes" if one.counts else "")
            for line, (why, record) in enumerate(_reasons(one, zone) or [("", "")]):
                drawn.add_row(*map(printable, (*(head if line == 0 else ("",) * len(head)), why, record)))
            name = ""
    more = f"{found.more:,} contacts more; --limit shows them\n" if found.more else ""
    return Group(drawn, Text(printable(f"counts: {found.rule}")), Text(more, style="dim"))


def _reasons(one: ExplainedEnrollment, zone: str) -> list[tuple[str, str]]:
    """(what happened, where it stands in the log)."""
    lines = [(_event(event, zone), _record(event)) for cause in one.causes for event in cause.events]
    for message in one.messages:
        note = "counts" if message.counts else "in the denominator" if message.in_denominator else "does not count"
        lines += [(f"{message.message_id} ({note}): {_event(event, zone)}", _record(event)) for event in message.events]
    return lines


def story_json(one: Found, steps: Sequence[StoryStep]) -> str:
    """The story in JSON."""
    whose = {"enrollment_id": one.enrollment_id, "contact_id": one.contact_id, "sequence_id": one.sequence_id}
    return json.dumps({**whose, "events": [step.model_dump(mode="json") for step in steps]}, indent=2)


def draw_story(one: Found, steps: Sequence[StoryStep], zone: str) -> RenderableType:
    """A line for each event."""
    title = printable(f"enrollment {one.enrollment_id} of {one.contact_id} in {one.sequence_id}")
    drawn = table(title, (f"event\n({zone})", "what it did", "record"), ())
    for step in steps:
        changes = ", ".join(change_in_words(asdict(change), zone) for change in step.changes)
        told = Text(printable(changes))
        if step.note is not None:
            told.append(f"{' ' if changes else ''}({step.note})", style="yellow")
        drawn.add_row(printable(_event(step.event, zone)), told, printable(_record(step.event)))
    return drawn


def _event(event: NamedEvent, zone: str) -> str:
    return f"{local_time(event.time, zone).rpartition(' ')[0]} {event.type}"


def _record(event: NamedEvent) -> str:
    return f"{event.topic}/{event.partition}/{event.offset} {event.source} {event.id}"
