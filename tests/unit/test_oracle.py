"""The naive recount against the histories that were worked out by hand, and the checker against itself."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.judgement import judge
from tests.golden.loader import Golden, compare, differences, golden_histories, instant
from tests.oracle import reports
from tests.oracle.times import local_date, milliseconds, written
from tests.strategies.calls import calls_for
from tests.strategies.histories import COMPETING, STAMPED_AT, histories

GOLDEN = golden_histories()
RULES = [str(number) for number in range(1, 17)]


class Recount:
    """The oracle as the `report` callable that golden histories ask."""

    def __init__(self, golden: Golden) -> None:
        self.events = golden.events

    def __call__(self, name: str, **parameters: Any) -> Mapping[str, Any]:
        if name == "statuses":
            return {row["enrollment_id"]: row for row in reports.statuses(self.events, **parameters)}
        if name == "oddities":
            return reports.oddities(self.events, **parameters)
        return reports.report(self.events, name, **parameters)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_recount_agrees_with_the_hand(golden: Golden) -> None:
    assert differences(golden, Recount(golden)) == []


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_order_and_repetition_of_all_but_profiles_change_nothing(golden: Golden) -> None:
    profiles = [event for event in golden.events if event["type"].startswith("contact.")]
    others = [event for event in golden.events if not event["type"].startswith("contact.")]
    backwards = Golden(golden.name, golden.title, golden.rule, [*others[::-1], *profiles, *others[::3]], golden.expect)
    assert differences(backwards, Recount(backwards)) == []


def test_every_rule_has_a_golden_history() -> None:
    named = {golden.name.split("-")[0].lstrip("0") for golden in GOLDEN}
    assert [rule for rule in RULES if rule not in named] == []
    assert {"resolve", "rates", "filters", "totals", "report"} <= named


def test_a_subject_that_no_event_named_is_not_found() -> None:
    for name in ("performance", "steps"):
        with pytest.raises(reports.NotFound, match="s-9"):
            reports.report(GOLDEN[0].events, name, sequence_id="s-9")


@pytest.mark.parametrize(
    "filters",
    [
        {"status": ["asleep"]},
        {"status": ["unenrolled:asleep"]},
        {"status": ["finished:replied"]},
        {"status": ["scheduled"]},
        {"enrolled_from": "2026-3-1"},
        {"enrolled_to": "2026-02-30"},
        {"enrolled_from": "2026-03-02", "enrolled_to": "2026-03-01"},
    ],
    ids=str,
)
def test_a_malformed_filter_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="|".join(filters)):
        reports.analyze(GOLDEN[0].events, filters=filters)


def test_times_are_cut_to_the_millisecond_at_any_offset() -> None:
    assert milliseconds("1970-01-01T00:00:00.0019z") == 1
    assert milliseconds("2026-03-02t12:30:00.9+02:30") == milliseconds("2026-03-02T10:00:00.900Z")
    assert milliseconds("2026-03-02T00:00:00-00:30") == milliseconds("2026-03-02T00:30:00Z")
    assert [written(1), written(1000), written(None)] == ["1970-01-01T00:00:00.001Z", "1970-01-01T00:00:01Z", None]
    assert local_date(milliseconds("2026-03-31T22:30:00Z"), "Europe/Berlin").isoformat() == "2026-04-01"


def test_checker_sees_what_differs() -> None:
    rate = {"numerator": 1, "denominator": 2, "basis": "contacts", "value": 0.5}
    assert compare("1/2", rate) == []
    assert len(compare("1/3", rate)) == 1
    assert len(compare("0/0", {"numerator": 0, "denominator": 0, "value": 0.0})) == 1
    assert compare({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}) == []
    assert compare({"a": {"b": 1}}, {"a": {"b": 2}}) == ["a.b: 1 expected, 2 found"]
    assert compare({"flag": True}, {"flag": 1}) == ["flag: True expected, 1 found"]
    assert compare({"gone": "absent"}, {"gone": 0}) == ["gone: is there: 0"]
    assert compare({"a": 1}, {}) == ["a: missing"]
    assert compare({"s-1": {"n": 1}}, [{"sequence_id": "s-2"}]) == ["s-1: missing"]
    assert len(compare([{"n": 1}], [{"n": 1}, {"n": 2}])) == 1
    assert compare({"started_at": "10:00"}, {"started_at": "2026-03-02T10:00:00Z"}) == []
    assert instant("2026-03-04 10:00:30.5") == "2026-03-04T10:00:30.5Z"


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_golden_events_are_valid_by_the_catalog(golden: Golden) -> None:
    for event in golden.events:
        judge(json.dumps(event).encode(), stamped_at=STAMPED_AT + 366 * 24 * 3_600_000)


@settings(max_examples=60, deadline=None)
@given(history=histories(ties=True))
def test_drawn_events_are_valid_by_the_catalog(history: list[dict[str, Any]]) -> None:
    for event in history:
        judge(json.dumps(event).encode(), stamped_at=STAMPED_AT)


@settings(max_examples=100, deadline=None)
@given(history=histories())
def test_drawn_rivals_never_meet_without_ties(history: list[dict[str, Any]]) -> None:
    contents: dict[tuple[str, str, str], tuple[str, str, Any]] = {}
    rivals: dict[tuple[str, str, str, int], set[tuple[str, str]]] = {}
    for event in history:
        account = event.get("account") or "default"
        said = (event["type"], event["time"], event["data"])
        assert contents.setdefault((account, event["source"], event["id"]), said) == said
        if event["type"] in COMPETING:
            subject = event["data"].get("contact_id") or event["data"]["sequence_id"]
            place = (account, subject, COMPETING[event["type"]], milliseconds(event["time"]))
            rivals.setdefault(place, set()).add((event["source"], event["id"]))
    assert [place for place, met in rivals.items() if len(met) > 1] == []


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_recount_adds_up_and_knows_no_order(data: st.DataObject) -> None:
    history = data.draw(histories(ties=True))
    name, parameters = data.draw(calls_for(history, tuple(reports.REPORTS)))
    profiles = [event for event in history if event["type"].startswith("contact.")]
    shuffled = data.draw(st.permutations([event for event in history if event not in profiles]))
    assert reports.report(history, name, **parameters) == reports.report([*shuffled, *profiles, *shuffled[:3]], name, **parameters)
    whole = reports.analyze(history)
    assert sum(whole["outcomes"].values()) == whole["enrollments"]["started"]
    for rate in whole["rates"].values():
        assert 0 <= rate["numerator"] <= rate["denominator"]
    for row in reports.sequences(history)["sequences"]:
        counted = reports.steps(history, row["sequence_id"])
        statuses = sum(counted["no_step"].values()) + sum(step["total"] for step in counted["steps"])
        assert statuses == row["enrollments"]
