from typing import Any

from cli.console import stdout
from cli.tables import draw, percent

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


def test_nothing_of_nothing_is_no_zero() -> None:
    assert (percent(rate(0, 0)), percent(rate(0, 4)), percent(rate(1, 3))) == ("–", "0.0%", "33.3%")


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
    assert tab.index(" reply  ") < tab.index("reply to sequence")
    analyze = drawn("analyze", performance())
    assert analyze.index("reply to sequence") < analyze.index(" reply  ")


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


def test_any_other_report_is_drawn_from_its_records() -> None:
    answer = {
        "points": [{"start": "2026-03-02", "met": 3, "started_at": "2026-03-02T23:30:00Z", "rates": {"open": rate(1, 4)}}],
        "as_of": AS_OF,
    }
    text = drawn("trend", answer, "Asia/Tokyo")
    for part in ("trend: points", "2026-03-02", "3", "25.0%", "2026-03-03 08:30:00 JST"):
        assert part in text
