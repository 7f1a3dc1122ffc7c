"""The naive recount against the histories that were worked out by hand, and the checker against itself."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.judgement import judge
from tests.golden.loader import Golden, compare, differences, golden_histories, instant
from tests.oracle import custom, delays, reports
from tests.oracle.times import local_date, milliseconds, written
from tests.strategies.calls import MEASURES, SUBJECTS, calls_for, filters_for
from tests.strategies.histories import COMPETING, STAMPED_AT, histories

GOLDEN = golden_histories()
TEN = "2026-03-02T10:00:00Z"
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
    assert {"cells", "contact", "funnel", "times", "variants", "opens", "sentiment", "leaderboard", "senders", "custom"} <= named
    assert {one.report for golden in GOLDEN for one in golden.expect} == {*reports.REPORTS, "statuses", "oddities"}


def test_a_subject_that_no_event_named_is_not_found() -> None:
    for name, subject in SUBJECTS.items():
        with pytest.raises(reports.NotFound, match="nobody"):
            reports.report(GOLDEN[0].events, name, **{subject: "nobody"})


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


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("enrollments", {"cell": "no_step"}),
        ("enrollments", {"cell": "executed:st-1", "filters": {"sequence": ["s-1", "s-2"]}}),
        ("enrollments", {"cell": "executed:", "filters": {"sequence": ["s-1"]}}),
        ("enrollments", {"cell": "delivered:st-1", "filters": {"sequence": ["s-1"]}}),
        ("leaderboard", {"sort": "outcome"}),
        ("custom", {"measures": ["happiness"]}),
        ("custom", {"measures": ["started"], "by": ["weather"]}),
        ("custom", {"measures": ["started"], "by": ["day", "week"]}),
        ("custom", {"measures": ["started"], "by": ["sequence", "user", "team", "company"]}),
        ("custom", {"measures": ["started"], "sort": "contacts"}),
        ("custom", {"measures": ["started"], "limit": 0}),
        ("custom", {"measures": ["started"], "limit": 10_001}),
    ],
    ids=str,
)
def test_a_malformed_question_is_refused(name: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cell|sort|measure|by|limit"):
        reports.report(GOLDEN[0].events, name, **parameters)


def test_calls_know_every_measure_of_the_page() -> None:
    assert sorted(MEASURES) == sorted(custom.MEASURES)
    assert len(set(MEASURES)) == len(MEASURES) == 57


def test_buckets_of_times_cover_every_unit_and_are_as_wide_as_said() -> None:
    begin, widest = 0, 0.0
    while begin < delays.LAST:
        found, end = delays.bucket(begin)
        assert found == begin
        assert end is not None
        assert delays.bucket(end - 1) == (begin, end)
        widest = max(widest, (end - begin) / begin) if end - begin > 1 else widest
        begin = end
    assert (begin, widest) == (delays.LAST, 1 / 16)
    assert delays.bucket(delays.LAST) == delays.bucket(10**9) == (delays.LAST, None)
    assert {delays.bucket(limit // delays.UNIT)[0] * delays.UNIT for limit in delays.LIMITS} == set(delays.LIMITS)


def test_senders_are_judged_from_the_minimum_on_and_best_reply_rate_first() -> None:
    leaders = next(golden.events for golden in GOLDEN if golden.name.startswith("leaderboard"))
    naming = {"contact_id": "gina", "sequence_id": "s-1", "enrollment_id": "g-1"}
    started = leaders[0] | {"id": "g-1", "data": naming | {"enrolled_by": "u-0"}}
    end = leaders[0] | {"type": "enrollment.unenrolled", "id": "g-2", "data": naming | {"reason": "bounced"}}
    finished = [
        leaders[0] | {"type": "enrollment.finished", "id": f"end-{number}", "time": "2026-03-02T12:00:00Z", "data": naming}
        for number, naming in enumerate(
            {name: event["data"][name] for name in naming} for event in leaders if event["type"] == "enrollment.started"
        )
    ]
    judged = reports.report([*leaders, started, end, *finished], "senders", minimum=1)["users"]
    # Ben's enrollment bounced and is left out of the replies of u-1; all that u-0 has bounced, so there is no reply rate.
    assert [(row["enrolled_by"], row["ended"]) for row in judged] == [("u-1", 2), ("u-2", 2), ("u-0", 1)]
    assert [compare("0/1", judged[0]["reply_rate"]), compare("1/2", judged[0]["bounce_rate"])] == [[], []]
    assert [compare("0/2", judged[1]["reply_rate"]), compare("0/0", judged[2]["reply_rate"])] == [[], []]


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
    assert compare({"n": 0.3333333}, {"n": 1 / 3}) == []
    assert len(compare({"n": 0.3333}, {"n": 1 / 3})) == 1
    assert compare({"time": "10:00", "before": None, "after": "10:00"}, {"time": TEN, "before": None, "after": TEN}) == []
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


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_cell_of_the_steps_is_the_list_behind_it(data: st.DataObject) -> None:
    history = data.draw(histories())
    asked = {name: value for name, value in data.draw(filters_for(history)).items() if name != "basis"}
    for row in reports.sequences(history)["sequences"]:
        filters = asked["filters"] | {"sequence": [row["sequence_id"]]}
        counted = reports.steps(history, row["sequence_id"], **asked | {"filters": filters})
        waiting = reports.report(history, "enrollments", cell="no_step", **asked | {"filters": filters})
        assert waiting["total"] == sum(counted["no_step"].values())
        for step in counted["steps"]:
            cells = {kind: step[kind] for kind in ("executed", "skipped")} | {
                kind: rate["numerator"] for kind, rate in step["rates"].items()
            }
            for kind, contacts in cells.items():
                listed = reports.report(history, "enrollments", cell=f"{kind}:{step['step_id']}", **asked | {"filters": filters})
                assert (kind, contacts) == (kind, listed["contacts"])
                assert listed["total"] == len(listed["enrollments"])


@settings(max_examples=60, deadline=None)
@given(histories(ties=True))
def test_what_the_events_of_a_contact_did_adds_up_to_its_enrollments(history: list[dict[str, Any]]) -> None:
    for contact_id in sorted({row["contact_id"] for row in reports.statuses(history)}):
        person = reports.report(history, "contact", contact_id=contact_id)
        last: dict[tuple[str, str], dict[str, Any]] = {}
        for event in person["events"]:
            assert event["note"] != "changes nothing" or not event["changes"]
            assert event["note"] is not None or event["changes"]
            for change in event["changes"]:
                known = last.setdefault((change["sequence_id"], change["enrollment_id"]), {})
                assert known.setdefault(change["field"], change["before"]) == change["before"]
                assert change["before"] != change["after"]
                known[change["field"]] = change["after"]
        for row in reports.statuses(history):
            if row["contact_id"] == contact_id and row["started_at"] is not None:
                known = last[row["sequence_id"], row["enrollment_id"]]
                whole = {**row, **row["totals"], "step": row["current_step"]}
                assert {name: whole[name] for name in known} == known


@settings(max_examples=60, deadline=None)
@given(histories())
def test_sums_that_reports_promise(history: list[dict[str, Any]]) -> None:
    for row in reports.sequences(history)["sequences"]:
        funnel = reports.report(history, "funnel", sequence_id=row["sequence_id"])
        reached = [step["reached"] for step in funnel["steps"]]
        assert funnel["contacts"] == sum(funnel["before_first"].values()) + (reached[0] if reached else 0)
        for step, following in zip(funnel["steps"], [*reached[1:], 0][: len(reached)], strict=True):
            assert step["reached"] == step["waiting"] + step["answered"] + step["dropped"] + following
    whole = reports.analyze(history)
    said = reports.report(history, "sentiment")
    assert said["total"]["replies"] == whole["totals"]["replies"] == sum(row["replies"] for row in said["sequences"])
    users = reports.report(history, "leaderboard")["users"]
    assert sum(row["enrollments"] for row in users) == whole["enrollments"]["started"]
    for measure in reports.report(history, "times")["times"]:
        assert measure["count"] == sum(bar["count"] for bar in measure["histogram"])
    by_outcome = reports.report(history, "custom", measures=["started"], by=["outcome"])
    assert {row["by"]["outcome"]: row["values"]["started"] for row in by_outcome["rows"]} == {
        outcome: number for outcome, number in whole["outcomes"].items() if number
    }
