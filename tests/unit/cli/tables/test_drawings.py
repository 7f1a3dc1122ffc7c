"""Every report as people see it."""

from typing import Any

import pytest

from cli.console import stdout
from cli.tables import draw
from projections.reports import REPORTS
from tests.unit.cli.company import answer, question

AS_OF = {"generation": 1, "applied": 1234, "lag": 5, "time": "2026-03-02T23:30:00Z"}


def rate(numerator: int, denominator: int) -> dict[str, Any]:
    return {
        "numerator": numerator,
        "denominator": denominator,
        "basis": "contacts",
        "value": numerator / denominator if denominator else None,
    }


def drawn(name: str, answer: dict[str, Any], zone: str = "UTC", width: int = 100) -> str:
    console = stdout()
    console.width = width
    with console.capture() as capture:
        console.print(draw(name, answer, zone))
    return capture.get()


def performance(**more: Any) -> dict[str, Any]:
    return {
        "filters": {"team": ["north", "south"], "enrolled_from": "2026-03-02"},
        "opens": "human",
        "basis": "contacts",
        "enrollments": {"started": 4321},
        "rates": {name: rate(1, 4) for name in ("open", "click", "reply", "reply_to_sequence", "meeting", "bounce")},
        "outcomes": {"company_stop": 2},
        "totals": {"sent": 9, "opens": 7},
        "as_of": AS_OF,
        **more,
    }


def test_each_tab_leads_with_its_own_reply_rate() -> None:
    tab = drawn("performance", performance(sequence_id="s-1", name="Spring"))
    assert tab.index(" reply ") < tab.index("reply to sequence")
    analyze = drawn("analyze", performance())
    assert analyze.index("reply to sequence") < analyze.index(" reply   ")


def test_a_table_says_what_it_is_of_and_as_of_when_with_the_zone() -> None:
    text = drawn("performance", performance(sequence_id="s-1", name="Spring"), "Asia/Tokyo", width=200)
    assert "Spring (s-1)" in text
    assert "team: north, south; enrolled_from: 2026-03-02" in text
    assert "1,234 events applied, lag 5, last commit 2026-03-03 08:30:00 JST" in text
    assert "25.0%" in text
    assert "1 / 4" in text
    assert "4,321" in text


def test_an_unknown_lag_and_a_missing_commit_are_said() -> None:
    text = drawn("analyze", performance(as_of={**AS_OF, "lag": None, "time": None}), width=200)
    assert "lag unknown, last commit never" in text


def test_sequences_without_a_definition_show_their_id() -> None:
    rates = {name: rate(1, 4) for name in ("open", "click", "reply", "meeting", "bounce", "unsubscribe")}
    line = {
        "sequence_id": "s-[bold]1",
        "name": None,
        "owner_id": None,
        "archived": True,
        "created_at": "2026-03-02T23:30:00Z",
        "contacts": 4,
    }
    text = drawn("sequences", {"sequences": [{**line, "enrollments": 5, "rates": rates}], "as_of": AS_OF}, "Asia/Tokyo")
    assert "s-[bold]1 (archived)" in text
    assert text.count("s-[bold]1") == 2, "ids are no markup"
    assert "2026-03-03" in text
    assert "Asia/Tokyo" in text


def test_numbers_are_never_broken_in_a_narrow_terminal() -> None:
    states = dict.fromkeys(("active", "paused", "finished", "unenrolled", "errored"), 1_234_567)
    rates = {name: rate(1, 4) for name in ("open", "click", "reply", "meeting", "bounce")}
    step = {"step_id": "t-1", "order": 1, "name": "A long name of a step", "kind": "automated_email", "status": states}
    answer = {
        "sequence_id": "s-1",
        "scheduled": 3,
        "no_step": states,
        "steps": [{**step, "executed": 1_234_567, "skipped": 0, "rates": rates}],
        "as_of": AS_OF,
    }
    text = drawn("steps", answer, width=80)
    assert text.count("1,234,567") == 11
    assert "scheduled to start: 3" in text


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_fits_the_terminal_with_large_numbers_too(name: str, width: int) -> None:
    found = answer(question(name)).model_dump(by_alias=True)
    for one in (found, large(found)):
        text = drawn(name, one, width=width)
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text


def large(value: Any) -> Any:
    """The same with six digits in place of every number."""
    if isinstance(value, dict):
        return {name: large(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [large(inner) for inner in value]
    return 123_456 if type(value) is int else value


@pytest.mark.parametrize("name", [name for name, report in REPORTS.items() if report.subject is None])
def test_every_report_of_nothing_is_drawn(name: str) -> None:
    assert "lag" in drawn(name, answer(question(name, team=["nobody's"])).model_dump(by_alias=True))


def test_names_cannot_speak_to_the_terminal() -> None:
    found = answer(question("enrollments", limit=["1"])).model_dump()
    found["enrollments"][0]["contact_name"] = "Eve\x1b]0;owned\x07\n\x9bx"
    text = drawn("enrollments", found, width=200)
    assert "Eve�]0;owned���x" in text
    assert not {"\x1b", "\x07", "\x9b"} & set(text)


def row(**more: Any) -> dict[str, Any]:
    ids = {"enrollment_id": "e-1", "contact_id": "c-1", "sequence_id": "s-1", "company_id": "co-1"}
    names = {"contact_name": "Ada", "company_name": None, "sequence_name": None}
    state = {"status": "unenrolled", "reason": "company_reply", "outcome": "company_stop", "last_step": None}
    times = {"started_at": "2026-03-02T23:30:00Z", "last_engaged_at": "2026-03-03T10:05:00Z"}
    return {**ids, **names, **state, **times, "emails_sent": 1234, "opens": 3, "clicks": 0, **more}


def test_lists_have_names_where_there_are_any_and_local_times() -> None:
    statuses = {"active": 3, "paused": 0, "canceled": 1}
    one = {"total": 4, "contacts": 2, "statuses": statuses, "enrollments": [row(), row(started_at=None, outcome=None, status="canceled")]}
    text = drawn("enrollments", {**one, "as_of": AS_OF}, "Asia/Tokyo")
    for part in ("enrollments: 2 of 4, 2 contacts", "Ada", "s-1", "company stop", "2026-03-03", "(Asia/Tokyo)", "1,234", "canceled"):
        assert part in text
    assert "in each status: active 3 · canceled 1" in text
    text = drawn("contacts", {"total": 1, "contacts": [row()], "as_of": AS_OF}, "Asia/Tokyo")
    assert "co-1" in text
    assert "2026-03-03 19:05" in text


def funnel_step(order: int, reached: int, dropped: int) -> dict[str, Any]:
    left = {"waiting": 0, "answered": 0, "dropped": dropped}
    rates = {"reach": rate(reached, 8), "drop_off": rate(dropped, reached)}
    return {"step_id": f"st-{order}", "order": order, "name": f"Step {order}", "kind": "call", "reached": reached, **left, **rates}


def test_a_funnel_has_bars() -> None:
    before = {"waiting": 0, "answered": 1, "dropped": 3}
    steps = [funnel_step(1, 4, 3), funnel_step(2, 1, 1)]
    text = drawn("funnel", {"sequence_id": "s-1", "name": None, "contacts": 8, "before_first": before, "steps": steps, "as_of": AS_OF})
    assert "funnel of s-1: how far 8 contacts came" in text
    assert f"{'█' * 12}  " in text
    assert f"{'█' * 3}  " in text
    assert "75.0%" in text


def test_times_are_durations_with_bars() -> None:
    limits = (0, 180, 900)
    histogram = [{"from": begin, "to": None, "count": count} for begin, count in zip(limits, (0, 4, 1), strict=True)]
    one = {"measure": "send_to_open", "count": 5, "median": 7_800.0, "p90": 90_061.0, "histogram": histogram}
    none = {"measure": "send_to_click", "count": 0, "median": None, "p90": None, "histogram": histogram[:1]}
    text = drawn("times", {"times": [one, none], "error": {"seconds": 22.5, "share": 0.03125}, "as_of": AS_OF})
    for part in ("send to open", "·█▂", "2 h 10 min", "1 d 1 h", "–", "bars from 0 s, 3 min, 15 min on", "22.5 s or 3.1%"):
        assert part in text


def variant(name: str, contacts: int, against: dict[str, Any] | None) -> dict[str, Any]:
    share = {**rate(contacts // 8, contacts), "low": 0.091, "high": 0.162}
    of_each = dict.fromkeys(("open", "click", "reply", "meeting"), share)
    compared = None if against is None else dict.fromkeys(of_each, against)
    return {"variant": name, "contacts": contacts, "rates": of_each, "too_early": contacts < 100, "against_baseline": compared}


def test_variants_have_intervals_and_what_may_be_concluded() -> None:
    found = {"difference": 0.021, "low": -0.016, "high": 0.061, "p_value": 0.2584}
    none = {"difference": None, "low": None, "high": None, "p_value": None}
    lines = [variant("A", 800, None), variant("B", 800, found), variant("C", 8, {**found, "p_value": None}), variant("D", 800, none)]
    text = drawn("variants", {"baseline": "A", "no_variant": 7, "variants": lines, "as_of": AS_OF})
    for part in ("12.5% (9.1–16.2)", "baseline", "+2.1 (-1.6 to +6.1)", "0.258", "too early", "without a variant: 7 contacts"):
        assert part in text


def test_too_few_are_not_judged() -> None:
    users = [
        {"enrolled_by": "ada", "ended": 100, "reply_rate": rate(5, 90), "bounce_rate": rate(10, 100)},
        {"enrolled_by": "bob", "ended": 9, "reply_rate": None, "bounce_rate": None},
    ]
    text = drawn("senders", {"minimum": 100, "users": users, "as_of": AS_OF})
    assert "5.6%" in text
    assert text.count("too few") == 2


def test_custom_has_its_dimensions_then_its_measures_then_all_together() -> None:
    measures = {"reply_rate": rate(1, 4), "started": 1234, **{f"outcome_{one}": 7 for one in ("paused", "errored", "active", "bounced")}}
    rows = [{"by": {"company": None, "month": "2026-03"}, "values": measures}]
    text = drawn("custom", {"groups": 9, "rows": rows, "totals": {**measures, "started": 9999}, "as_of": AS_OF}, width=80)
    lines = text.splitlines()
    assert "custom: by company, month" in lines[0]
    head = next(line.split() for line in lines if "month" in line and "custom" not in line)
    assert head == ["company", "month", "rate", "started", "paused", "errored", "active"]
    assert next(line.split() for line in lines if "2026-03" in line) == ["–", "2026-03", "25.0%", "1,234", "7", "7", "7"]
    assert [line.split() for line in lines if line.split()[:1] == ["all"]] == [["all", "25.0%", "9,999", "7", "7", "7"], ["all", "7"]]
    assert "1 of 9 rows" in text


def change(field: str, before: Any, after: Any, enrollment: str = "e-1") -> dict[str, Any]:
    return {"enrollment_id": enrollment, "sequence_id": "s-1", "field": field, "before": before, "after": after}


def test_a_contact_is_told_event_by_event() -> None:
    started = [change("status", None, "active"), change("started_at", None, "2026-03-02T23:30:00Z"), change("company_id", None, "co-1")]
    ended = [change("status", "active", "unenrolled"), change("opened", True, False), change("opens", 1, 2), change("team_id", "t-1", None)]
    events: list[dict[str, Any]] = [
        {"type": "enrollment.started", "time": "2026-03-02T23:30:00Z", "changes": started, "note": None},
        {"type": "enrollment.unenrolled", "time": "2026-03-03T23:30:00Z", "changes": ended, "note": None},
        {"type": "email.opened", "time": "2026-03-04T23:30:00Z", "changes": [], "note": "waits for its email.sent"},
    ]
    profile = {"contact_id": "c-1", "name": None, "email": None, "company_id": "co-1", "company_name": "Engines"}
    answer = {**profile, "enrollments": [row()], "events": events, "as_of": AS_OF}
    text = drawn("contact", answer, "Asia/Tokyo", width=160)
    for part in (
        "contact: c-1",
        "Engines",
        "unenrolled: company reply",
        "status active, started at 2026-03-03 08:30, company co-1",
        "status active → unenrolled, not opened any more, opens 1 → 2, team t-1 → –",
        "(waits for its email.sent)",
    ):
        assert part in text
    events[2]["changes"] = [change("opened", False, True, "e-2")]
    assert "e-2: opened (waits" in drawn("contact", answer, width=160)
