"""The report `contact`: one person, the enrollments, and all events with what each of them did."""

from typing import Any, Final

import numpy as np
from pydantic import BaseModel

from events.log.port import LogError
from events.rfc3339 import format_time
from events.topics import CONTACT_KEYED
from projections import codec
from projections.contact import Contact as KnownContact
from projections.contact import Profile
from projections.history import Change, HistoryStep, history
from projections.identities import Identity
from projections.reports import parameters
from projections.reports.as_of import AsOf, as_of
from projections.reports.cursor import RowKey
from projections.reports.enrollment_row import EnrollmentRow, enrollment_rows
from projections.reports.errors import NotFound
from projections.reports.page import CATALOGUE
from projections.reports.parameters import Opens
from projections.reports.request import Query, Request
from projections.row_cache import Snapshot
from projections.tables.parts import ContactState

_NO_PROFILE: Final = Profile(None, None, None, None)


class ContactEvent(BaseModel):
    """One event, and what it did."""

    type: str
    time: str
    source: str
    id: str
    enrollment_id: str | None
    """As the event itself names it; likewise the two below."""
    message_id: str | None
    step_id: str | None
    changes: list[Change]
    note: str | None
    """Why it changed nothing, or what is odd about it."""


class Contact(BaseModel):
    """One person."""

    contact_id: str
    name: str | None
    email: str | None
    company_id: str | None
    company_name: str | None
    enrollments: list[EnrollmentRow]
    """Those in scope, the newest start first."""
    events: list[ContactEvent]
    """All of them, up to where the numbers are, oldest first."""
    as_of: AsOf


def read(query: Query) -> Opens:
    return parameters.opens(query.given)


def contact(request: Request, _: Opens) -> Contact:
    """Raises `NotFound` for a contact that no event has named; `LogError` if the log cannot be read; `StoreError`."""
    part = ContactState(request.subject)
    snapshot = request.reader.rows(request.account, CATALOGUE, part)
    packed = snapshot.reading[part]
    if packed is None:
        raise NotFound("contact", request.subject)
    if request.log is None:
        raise LogError("the events of a contact are read in the log, and no log is open; name it with TALLY_LOG")
    known = codec.decode(packed)
    partition = part.partition(snapshot.reading.keys)
    offsets = snapshot.reading.progress[partition].offsets
    ends = {topic: offsets[topic] for topic in CONTACT_KEYED}
    events = request.reader.contact_events.of(request.log, request.account, request.subject, partition, ends)
    profile = known.profile or _NO_PROFILE
    return Contact(
        contact_id=request.subject,
        name=profile.name,
        email=profile.email,
        company_id=profile.company_id,
        company_name=profile.company_name,
        enrollments=_enrollments(request, snapshot, known, partition),
        events=[_event(step) for step in history(events)],
        as_of=as_of(snapshot.reading, request.ends),
    )


def _enrollments(request: Request, snapshot: Snapshot, known: KnownContact, partition: int) -> list[EnrollmentRow]:
    rows, names = snapshot.table.rows(), snapshot.table.names
    filters = request.filters
    listed = set(filters.in_status(rows, filters.in_any_status(rows, request.time_zone)).tolist())
    shown: list[tuple[RowKey, int]] = []
    for one in known.enrollments:
        sequence_id = names.within(partition, one.sequence)
        position = rows.position(partition, sequence_id, one.row)
        if position is not None and position in listed:
            started_at = int(rows.column("started_at")[position])
            shown.append((RowKey((started_at,), (one.enrollment_id, request.subject, sequence_id)), position))
    shown.sort(key=lambda entry: entry[0].rank)
    return enrollment_rows(
        rows,
        np.array([position for _, position in shown], dtype=np.intp),
        [Identity(key.ids[0], request.subject) for key, _ in shown],
        [known.profile] * len(shown),
        snapshot.reading[CATALOGUE],
    )


def _event(step: HistoryStep) -> ContactEvent:
    event, data = step.event, step.event.data
    return ContactEvent(
        type=event.type,
        time=format_time(event.time),
        source=event.source,
        id=event.id,
        enrollment_id=_named(data, "enrollment_id"),
        message_id=_named(data, "message_id"),
        step_id=_named(data, "step_id"),
        changes=list(step.changes),
        note=step.note,
    )


def _named(data: Any, field: str) -> str | None:
    name: str | None = getattr(data, field, None)
    return name
