"""A rate explained: the contacts, enrollments and messages behind it, which of them count, and the events that made them.

The numbers are taken from the rows, held against the report, and what is shown of them against the log. A difference is an error.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from events.log.port import Log
from events.rfc3339 import format_time
from projections import meaning
from projections.explain.evidence import Evidence
from projections.explain.explanation import (
    Cause,
    ExplainedContact,
    ExplainedEnrollment,
    ExplainedMessage,
    Explanation,
    NamedEvent,
    named_event,
)
from projections.explain.recorded import Recorded, recorded_events
from projections.explain.rules import FLAG_RULES, rule
from projections.explain.scope import NO_RESPONSE, CountedScope, counted, counted_scope, counting, first, mask
from projections.identities import Identity, Place, places
from projections.meaning import MESSAGE_FACTS, OUTCOMES
from projections.reports.as_of import as_of
from projections.reports.errors import NotFound
from projections.reports.page import CATALOGUE
from projections.reports.parameters import Basis
from projections.reports.performance import Ways
from projections.reports.rates import Fraction, Rate, fraction, rate_of
from projections.reports.recount import Recount
from projections.reports.request import Request
from projections.reports.shared_messages import SharedMessages
from projections.row_cache import Snapshot
from projections.rows import Column, Rows
from projections.tables.parts import AccountCounters, Counts, SequenceCounters, SharedLists

_REMEDY: Final = "run tally verify, which names what differs"


class Disagreement(Exception):
    """What is explained is not what the report says, or not what the log says; the message is one line and names the remedy."""


def explain(
    request: Request,
    ways: Ways,
    metric: str,
    log: Log,
    *,
    limit: int,
    on_progress: Callable[[int, int], None] = lambda _read, _total: None,
) -> Explanation:
    """What is behind the rate `metric` (one of rates.RATES) of `performance`, where the request has a subject, or of `analyze`.

    The first `limit` contacts are shown. Raises `NotFound`, `Superseded`, `StoreError`, `LogError`, `Disagreement`.
    """
    basis, opens = ways
    part = SequenceCounters(request.subject) if request.subject else AccountCounters()
    shared = SharedLists()
    snapshot = request.reader.rows(request.account, CATALOGUE, part, shared)
    if request.subject and request.subject not in snapshot.reading[CATALOGUE]:
        raise NotFound("sequence", request.subject)
    rows = snapshot.table.rows(request.subject or None)
    scope = request.filters.scope(rows, request.time_zone)
    of = fraction(metric, basis, opens)
    counts: Counts = snapshot.reading[part]
    if not request.from_counters:
        counts = Recount(scope, shared=SharedMessages.read(snapshot.reading[shared], rows)).group()
    rate = rate_of(counts, of, basis)
    name = of.numerator.plus[0].partition(".")[2] if of.numerator.plus else ""
    found = counted_scope(rows, scope.started, name, basis)
    if basis != "messages":
        _hold_against(rate, *counted(found, basis))
    shown = first(found, limit)
    explained = _contacts(request, snapshot, found, shown, log, name, of, basis, on_progress)
    everybody = len(np.unique(found.contacts))
    if basis == "messages" and len(explained) == everybody:
        _hold_against(rate, *_counted_messages(explained))
    return Explanation(
        account=request.account,
        sequence_id=request.subject or None,
        metric=metric,
        filters=request.filters.echo(),
        opens=opens,
        basis=basis,
        rate=rate,
        rule=rule(name, basis),
        contacts=explained,
        more=everybody - len(explained),
        as_of=as_of(snapshot.reading, request.ends),
    )


def _counted_messages(explained: list[ExplainedContact]) -> tuple[int, int]:
    messages = [
        ((contact.contact_id, message.message_id), message.counts)
        for contact in explained
        for enrollment in contact.enrollments
        for message in enrollment.messages
        if message.in_denominator
    ]
    return len({one for one, counts in messages if counts}), len({one for one, _ in messages})


def _hold_against(rate: Rate, numerator: int, denominator: int) -> None:
    if (rate.numerator, rate.denominator) != (numerator, denominator):
        raise Disagreement(
            f"the report says {rate.numerator} of {rate.denominator} where {numerator} of {denominator} were found one by one; {_REMEDY}"
        )


def _contacts(
    request: Request,
    snapshot: Snapshot,
    scope: CountedScope,
    shown: Column,
    log: Log,
    name: str,
    of: Fraction,
    basis: Basis,
    on_progress: Callable[[int, int], None],
) -> list[ExplainedContact]:
    chosen = np.flatnonzero(np.isin(scope.contacts, shown))
    positions = scope.started.take(chosen)
    placed = places(scope.rows, positions)
    identities = request.reader.identities.of(snapshot, placed)
    by_partition: dict[int, set[str]] = {}
    for place, identity in zip(placed, identities, strict=True):
        by_partition.setdefault(place.partition, set()).add(identity.contact_id)
    ends = {partition: snapshot.reading.progress[partition].offsets for partition in by_partition}
    recorded = recorded_events(log, request.account, by_partition, ends, on_progress)
    members: dict[int, list[tuple[int, Place, Identity]]] = {}
    for number, position, place, identity in zip(chosen.tolist(), positions.tolist(), placed, identities, strict=True):
        members.setdefault(int(scope.contacts[number]), []).append((position, place, identity))
    in_numerator = set(counting(scope).tolist())
    explained = []
    for contact in shown.tolist():
        entries = members[contact]
        contact_id = entries[0][2].contact_id
        evidence = Evidence(recorded[contact_id])
        at = [_agreed(evidence, scope.rows, position, place, identity) for position, place, identity in entries]
        if basis == "messages":
            made = _with_messages(evidence, at, of, entries)
            counts = any(message.counts for one in made for message in one.messages)
        else:
            made = [
                _enrollment(evidence, one, name, entry, counts=_is_true(evidence, one, name))
                for one, entry in zip(at, entries, strict=True)
            ]
            counts = contact in in_numerator if basis == "contacts" else any(one.counts for one in made)
        explained.append(ExplainedContact(contact_id=contact_id, counts=counts, enrollments=made))
    return explained


def _agreed(evidence: Evidence, rows: Rows, position: int, place: Place, identity: Identity) -> int:
    """Where the enrollment of a row stands among the evidence. Raises `Disagreement` if the log says something else of it than its row."""
    at = evidence.position(place.sequence, identity.enrollment_id)
    stored = tuple(int(rows.column(column)[position]) for column in ("status", "outcome", "flags"))
    seen = None if at is None else evidence.view.enrollments[at]
    if at is None or seen is None or stored != (seen.status, seen.outcome, seen.flags):
        whose = f"enrollment {identity.enrollment_id!r} of contact {identity.contact_id!r} in {place.sequence!r}"
        raise Disagreement(f"the log does not say of {whose} what the tables say; {_REMEDY}")
    return at


def _is_true(evidence: Evidence, at: int, name: str) -> bool:
    seen = evidence.view.enrollments[at]
    return seen.outcome == NO_RESPONSE if name == "no_response" else bool(seen.flags & mask(name))


def _enrollment(
    evidence: Evidence,
    at: int,
    name: str,
    entry: tuple[int, Place, Identity],
    *,
    counts: bool,
    messages: list[ExplainedMessage] | None = None,
) -> ExplainedEnrollment:
    _, place, identity = entry
    seen = evidence.view.enrollments[at]
    assert seen.started_at is not None, "in scope are started enrollments"
    assert seen.outcome is not None, "a started enrollment has an outcome"
    causes = [Cause(flag=name, rule=FLAG_RULES[name], events=_named(evidence.of_flag(at, name)))] if counts and messages is None else []
    return ExplainedEnrollment(
        enrollment_id=identity.enrollment_id,
        sequence_id=place.sequence,
        status=meaning.STATUSES[seen.status],
        outcome=OUTCOMES[seen.outcome],
        started_at=format_time(seen.started_at),
        counts=counts,
        causes=causes,
        messages=messages or [],
    )


def _with_messages(
    evidence: Evidence, at: list[int], of: Fraction, entries: list[tuple[int, Place, Identity]]
) -> list[ExplainedEnrollment]:
    """Enrollments of one contact with what became of their messages; a message is one, whichever of them it concerns."""
    fact, base = ("", "") if not of.numerator.plus else (sums.plus[0].partition(".")[2] for sums in of)
    united: dict[int, int] = {}
    for one in at:
        for message, bits in evidence.view.enrollments[one].messages.items():
            united[message] = united.get(message, 0) | bits
    made = []
    for one, entry in zip(at, entries, strict=True):
        messages = [_message(evidence, one, message, united, fact, base) for message in evidence.view.enrollments[one].messages if fact]
        kept = sorted((message for message in messages if message.events), key=lambda message: message.message_id)
        made.append(_enrollment(evidence, one, fact, entry, counts=any(message.counts for message in kept), messages=kept))
    return made


def _message(evidence: Evidence, at: int, message: int, united: Mapping[int, int], fact: str, base: str) -> ExplainedMessage:
    in_denominator = bool(united[message] >> MESSAGE_FACTS.index(base) & 1)
    return ExplainedMessage(
        message_id=evidence.messages[message],
        in_denominator=in_denominator,
        counts=in_denominator and bool(united[message] >> MESSAGE_FACTS.index(fact) & 1),
        events=_named([*evidence.of_message(at, message, base), *evidence.of_message(at, message, fact)]),
    )


def _named(events: list[Recorded]) -> list[NamedEvent]:
    return [named_event(one) for one in events]
