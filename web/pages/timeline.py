"""What happened to people, day by day."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from projections.history import Change
from projections.reports.contact import Contact, ContactEvent
from web.pages import change_words
from web.pages.change_words import Told
from web.pages.step_names import StepNames


class Kind(NamedTuple):
    """A type of event: how it is drawn, and what is said of it. `colour` is a data-color."""

    icon: str
    title: str
    colour: str


KINDS: Final = {
    "enrollment.scheduled": Kind("clock", "Enrollment scheduled", "scheduled"),
    "enrollment.started": Kind("play", "Enrolled", "active"),
    "enrollment.paused": Kind("pause", "Paused", "paused"),
    "enrollment.resumed": Kind("play", "Resumed", "active"),
    "enrollment.finished": Kind("flag", "Finished the sequence", "finished"),
    "enrollment.unenrolled": Kind("cross", "Unenrolled", "unenrolled"),
    "enrollment.errored": Kind("alert", "Ended by an error", "errored"),
    "step.executed": Kind("check", "Step executed", "finished"),
    "step.skipped": Kind("skip", "Step skipped", "finished"),
    "task.completed": Kind("check", "Task completed", "finished"),
    "email.sent": Kind("mail", "E-mail sent", "1"),
    "email.delivered": Kind("check", "E-mail delivered", "finished"),
    "email.deferred": Kind("clock", "E-mail deferred", "paused"),
    "email.dropped": Kind("cross", "E-mail dropped", "errored"),
    "email.opened": Kind("eye", "Opened an e-mail", "5"),
    "email.clicked": Kind("pointer", "Clicked a link", "3"),
    "email.replied": Kind("reply", "Replied", "2"),
    "email.auto_replied": Kind("reply", "Automatic reply", "finished"),
    "email.bounced": Kind("alert", "E-mail bounced", "errored"),
    "email.unsubscribed": Kind("cross", "Unsubscribed", "errored"),
    "email.complained": Kind("alert", "Complained about spam", "errored"),
    "engagement.reclassified": Kind("again", "Opens and clicks judged anew", "6"),
    "meeting.booked": Kind("calendar", "Meeting booked", "4"),
    "meeting.canceled": Kind("calendar", "Meeting canceled", "finished"),
    "contact.updated": Kind("person", "Profile updated", "7"),
    "contact.erased": Kind("person", "Profile erased", "7"),
}


class Effect(NamedTuple):
    """What an event did to one enrollment."""

    sequence_id: str
    sequence: str
    told: list[Told]


class Entry(NamedTuple):
    """One event. `sequence_id` and `step` are "" where they are not known, or where several are concerned."""

    event: ContactEvent
    contact_id: str
    who: str
    kind: Kind
    date: str
    clock: str
    sequence_id: str
    sequence: str
    step: str
    effects: list[Effect]


class Day(NamedTuple):
    """What happened on one day of the time zone."""

    date: str
    entries: list[Entry]


class Story:
    """The events of a contact, with the names of what they are about."""

    def __init__(self, found: Contact, steps: StepNames, zone: str) -> None:
        self._contact_id = found.contact_id
        self._who = found.name or found.contact_id
        self._steps = steps
        self._zone = zone
        self._names = {row.sequence_id: row.sequence_name or row.sequence_id for row in found.enrollments}
        self._sequences: dict[str, set[str]] = {}
        """Enrollment id -> the sequences in which there is one of this id."""
        for row in found.enrollments:
            self._sequences.setdefault(row.enrollment_id, set()).add(row.sequence_id)
        for event in found.events:
            for change in event.changes:
                self._sequences.setdefault(change.enrollment_id, set()).add(change.sequence_id)
        self._sent: dict[str, ContactEvent] = {}
        """Message id -> the e-mail itself, to which an event about it belongs."""
        for event in found.events:
            if event.type == "email.sent" and event.message_id is not None:
                self._sent.setdefault(event.message_id, event)

    def entries(self, events: Iterable[ContactEvent]) -> list[Entry]:
        """Some of the events, in the order in which they come."""
        zone = ZoneInfo(self._zone)
        return [self._entry(event, datetime.fromisoformat(event.time).astimezone(zone)) for event in events]

    def _entry(self, event: ContactEvent, time: datetime) -> Entry:
        sequence = self._sequence(event)
        sent = self._sent.get(event.message_id or "")
        step = event.step_id or (sent.step_id if sent is not None else None) or ""
        return Entry(
            event=event,
            contact_id=self._contact_id,
            who=self._who,
            kind=KINDS[event.type],
            date=time.date().isoformat(),
            clock=f"{time:%H:%M:%S}",
            sequence_id=sequence,
            sequence=self._name(sequence),
            step=self._steps.get((sequence, step), step),
            effects=[self._effect(changes, event.time) for changes in _by_enrollment(event.changes)],
        )

    def _sequence(self, event: ContactEvent) -> str:
        concerned = {change.sequence_id for change in event.changes}
        if not concerned:
            sent = self._sent.get(event.message_id or "")
            named = event.enrollment_id or (sent.enrollment_id if sent is not None else None)
            concerned = self._sequences.get(named or "", set())
        return next(iter(concerned)) if len(concerned) == 1 else ""

    def _effect(self, changes: Sequence[Change], time: str) -> Effect:
        sequence = changes[0].sequence_id
        return Effect(sequence, self._name(sequence), change_words.told(changes, time, self._steps, self._zone))

    def _name(self, sequence: str) -> str:
        return self._names.get(sequence, sequence)


def days(entries: Iterable[Entry]) -> list[Day]:
    """Entries in their order, each day once."""
    of_day: dict[str, list[Entry]] = {}
    for entry in entries:
        of_day.setdefault(entry.date, []).append(entry)
    return [Day(date, own) for date, own in of_day.items()]


def _by_enrollment(changes: Iterable[Change]) -> list[list[Change]]:
    return [list(own) for _, own in groupby(changes, key=lambda change: (change.sequence_id, change.enrollment_id))]
