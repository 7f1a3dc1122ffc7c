"""What is explained of a rate is what the report says, what the log holds, and what makes it so."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from events.log.record import Record
from projections.explain.explanation import ExplainedContact, ExplainedEnrollment, Explanation
from projections.explain.share import Disagreement, explain
from projections.reports import ask
from projections.reports.request import Request
from projections.tables.reader import Reader
from tests.folding import folded, log_of
from tests.oracle import resolve
from tests.oracle.enrollment import Enrollment, all_enrollments, enrollment
from tests.oracle.filters import in_scope
from tests.oracle.rates import ANY_INSTEAD, FLAGS, RATES, rates
from tests.strategies.calls import filters_for
from tests.strategies.histories import histories
from tests.unit.projections.recorded_log import RecordedLog

Event = dict[str, Any]
STRONG = ("open", "click", "reply", "reply_to_sequence", "meeting", "bounce", "unsubscribe", "complaint")


def explained(
    events: list[Event],
    parameters: Mapping[str, Any],
    metric: str,
    sequence_id: str | None,
    limit: int = 1000,
    logged: list[Event] | None = None,
) -> Explanation:
    """`logged`: what the log holds instead of the events that were projected."""
    given = {name: [value] if isinstance(value, str) else value for name, value in parameters["filters"].items()}
    given |= {name: [parameters[name]] for name in ("basis", "opens", "time_zone")}
    question = ask("performance" if sequence_id else "analyze", account="default", subject=sequence_id, parameters=given)
    query = question.query
    log: Any = RecordedLog(log_of(events if logged is None else logged))
    request = Request(
        report=query.report,
        account=query.account,
        subject=query.subject,
        given=query.given,
        filters=query.filters,
        time_zone=query.time_zone,
        reader=Reader(folded(events)),
        ends=None,
        log=log,
        source="auto",
    )
    return explain(request, question.options, metric, log, limit=limit)


@st.composite
def questions(draw: Any) -> tuple[list[Event], dict[str, Any], str, str | None]:
    """(events, parameters, metric, sequence)."""
    events = draw(histories())
    sequences = sorted({sequence for event in events if own(event) and (sequence := event["data"].get("sequence_id"))})
    parameters = draw(filters_for(events))
    if draw(st.booleans()):
        parameters["filters"] = {}
    return events, parameters, draw(st.sampled_from(RATES)), draw(st.sampled_from([None, *sequences]))


def own(event: Event) -> bool:
    return (event.get("account") or "default") == "default"


def scope_of(events: list[Event], parameters: Mapping[str, Any], sequence_id: str | None) -> list[Enrollment]:
    everything = all_enrollments(resolve.history(events))
    named = [one for one in everything if sequence_id in (None, one.sequence_id)]
    return in_scope(named, parameters["filters"], parameters["time_zone"])


def key(one: Enrollment | ExplainedEnrollment, contact_id: str) -> tuple[str, str, str]:
    return (contact_id, one.sequence_id, one.enrollment_id)


@given(questions())
def test_the_sets_are_those_of_the_oracle_and_as_large_as_the_report_says(
    asked: tuple[list[Event], dict[str, Any], str, str | None],
) -> None:
    events, parameters, metric, sequence_id = asked
    basis, opens = parameters["basis"], parameters["opens"]
    found = explained(events, parameters, metric, sequence_id)
    scope = scope_of(events, parameters, sequence_id)
    assert found.rate.model_dump() == rates(scope, basis, opens)[metric]
    assert found.more == 0
    assert {contact.contact_id for contact in found.contacts} == {one.contact_id for one in scope}
    shown = {key(one, contact.contact_id): one for contact in found.contacts for one in contact.enrollments}
    assert shown.keys() == {key(one, one.contact_id) for one in scope}
    counting = [contact.counts for contact in found.contacts]
    assert counting == sorted(counting, reverse=True) or basis == "messages"
    for contact in found.contacts:
        assert_stands(log_of(events), contact)
    if basis == "messages":
        messages = [(contact.contact_id, one) for contact in found.contacts for run in contact.enrollments for one in run.messages]
        counted = {(contact, one.message_id) for contact, one in messages if one.counts}
        among = {(contact, one.message_id) for contact, one in messages if one.in_denominator}
        assert (len(counted), len(among)) == (found.rate.numerator, found.rate.denominator)
        assert all(one.events for _, one in messages)
        return
    true = {key(one, one.contact_id) for one in scope if is_true(one, metric, opens)}
    assert {enrollment for enrollment, one in shown.items() if one.counts} == true
    if basis == "contacts":
        assert {contact.contact_id for contact in found.contacts if contact.counts} == contacts_counting(scope, metric, opens)
        assert sum(contact.counts for contact in found.contacts) == found.rate.numerator


def is_true(one: Enrollment, metric: str, opens: str) -> bool:
    if metric == "no_response":
        return one.outcome == "no_response"
    return one.flags[ANY_INSTEAD.get(FLAGS[metric], FLAGS[metric]) if opens == "all" else FLAGS[metric]]


def contacts_counting(scope: list[Enrollment], metric: str, opens: str) -> set[str]:
    counting = {one.contact_id for one in scope if is_true(one, metric, opens)}
    if metric == "no_response":
        counting -= {one.contact_id for one in scope if one.live or one.flags["replied"] or one.flags["met"]}
    return counting


def assert_stands(log: Mapping[tuple[str, int], list[Record]], contact: ExplainedContact) -> None:
    """Every event that is named is a record of the contact at its place."""
    for one in contact.enrollments:
        for named in [event for cause in one.causes for event in cause.events] + [event for m in one.messages for event in m.events]:
            record = log[named.topic, named.partition][named.offset]
            event = json.loads(record.value or b"")
            assert (event["source"], event["id"], event["type"]) == (named.source, named.id, named.type)
            assert own(event)
            assert event["data"]["contact_id"] == contact.contact_id


@given(questions(), st.sampled_from(STRONG))
def test_without_the_events_that_are_named_a_flag_is_not_set_and_each_of_them_sets_it(
    asked: tuple[list[Event], dict[str, Any], str, str | None], metric: str
) -> None:
    events, parameters, _, sequence_id = asked
    parameters = {**parameters, "basis": "enrollments"}
    flag = FLAGS[metric] if parameters["opens"] == "human" else ANY_INSTEAD.get(FLAGS[metric], FLAGS[metric])
    for contact in explained(events, parameters, metric, sequence_id).contacts:
        for one in contact.enrollments:
            causes = {(named.source, named.id) for cause in one.causes for named in cause.events}
            assert bool(causes) == one.counts
            if one.counts:
                where = key(one, contact.contact_id)
                assert not flags(without(events, causes), where)[flag]
                # An end without its reason lets less come after it, so what others do by themselves shows only where no end is named.
                ends = {cause for cause in causes if cause in ends_of(events)}
                for cause in ends or causes:
                    assert flags(without(events, causes - {cause}), where)[flag]


def flags(events: list[Event], where: tuple[str, str, str]) -> Mapping[str, bool]:
    return enrollment(resolve.history(events), where).flags


def ends_of(events: Iterable[Event]) -> set[tuple[str, str]]:
    return {(event["source"], event["id"]) for event in events if event["type"] == "enrollment.unenrolled"}


def without(events: Iterable[Event], causes: set[tuple[str, str]]) -> list[Event]:
    """The events without some of them. An end stays one, for it says too how long an enrollment ran, and only its reason is taken away."""
    left = []
    for event in events:
        if not own(event) or (event["source"], event["id"]) not in causes:
            left.append(event)
        elif event["type"] == "enrollment.unenrolled":
            left.append(event | {"data": event["data"] | {"reason": "manual"}})
    return left


@given(questions(), st.integers(1, 3))
@settings(max_examples=15)
def test_a_limit_shows_less_and_changes_no_number(asked: tuple[list[Event], dict[str, Any], str, str | None], limit: int) -> None:
    whole, some = explained(*asked), explained(*asked, limit=limit)
    assert some.rate == whole.rate
    assert some.contacts == whole.contacts[:limit]
    assert some.more == max(0, len(whole.contacts) - limit)


def test_a_log_that_says_something_else_than_the_tables_is_an_error() -> None:
    run = {"contact_id": "c-1", "sequence_id": "s-1", "enrollment_id": "e-1"}
    common = {"specversion": "1.0", "source": "mailer"}
    started = common | {"id": "1", "type": "enrollment.started", "time": "2026-03-02T08:00:00Z", "data": run}
    replied = common | {"id": "2", "type": "email.replied", "time": "2026-03-02T09:00:00Z", "data": run}
    parameters = {"filters": {}, "basis": "contacts", "opens": "human", "time_zone": "UTC"}
    assert explained([started, replied], parameters, "reply", "s-1").rate.numerator == 1
    with pytest.raises(Disagreement, match="the log does not say of enrollment 'e-1' of contact 'c-1' in 's-1' what the tables say"):
        explained([started, replied], parameters, "reply", "s-1", logged=[started])
