"""How answers are drawn: every report can be, several on one page do not get into each other's way, and times have no holes."""

from datetime import date
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from projections.reports import REPORTS, ask
from projections.reports.parameters import Given
from projections.tables.reader import Reader
from tests.unit.web.conftest import SEQUENCE, company
from web.pages.links import NOTHING
from web.pages.shown import Asked, Drawing, drawings
from web.pages.shown.periods import between

ASKED = {"measure": ["started", "reply_rate"], "by": ["sequence"]}


def made(name: str, given: Given = NOTHING, prefix: str = "") -> list[Drawing]:
    subject = SEQUENCE if REPORTS[name].subject == "sequence" else None
    answer = ask(name, account="default", subject=subject, parameters=given).answer(Reader(company()[0]))
    return drawings(Asked(name, subject, given, "UTC", prefix), answer)


@pytest.mark.parametrize("name", [name for name, report in REPORTS.items() if report.subject != "contact"])
def test_every_report_but_that_of_a_contact_can_be_drawn(name: str) -> None:
    given = ASKED if name == "custom" else NOTHING
    for one in made(name, given):
        assert one.title
        assert one.caption
        assert one.rows
        assert {len(row.cells) for row in one.rows} == {len(one.columns)}
        assert len({row.mark for row in one.rows}) == len(one.rows), "every row has a mark of its own"
        assert one.csv is None or one.csv.endswith("format=csv")
        # A chart has one axis: what it shows is of one kind.
        for place, column in enumerate(one.columns):
            if column.colour is not None:
                assert column.is_number
                assert {"%" in row.cells[place].text for row in one.rows if row.cells[place].value} <= {one.unit == "percent"}


def test_several_on_one_page_have_other_ids() -> None:
    ids = [one.id for prefix in ("", "one", "two") for name in ("times", "steps", "monthly") for one in made(name, prefix=prefix)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize(
    ("found", "period", "all_"),
    [
        ([], "day", []),
        (["2026-03-01", "2026-02-27"], "day", ["2026-02-27", "2026-02-28", "2026-03-01"]),
        (["2025-12-29", "2026-01-12"], "week", ["2025-12-29", "2026-01-05", "2026-01-12"]),
        (["2025-11", "2026-02"], "month", ["2025-11", "2025-12", "2026-01", "2026-02"]),
        (["2026-03"], "month", ["2026-03"]),
    ],
)
def test_there_are_no_holes_in_time(found: list[str], period: str, all_: list[str]) -> None:
    assert list(between(found, period)) == all_


@pytest.mark.parametrize(
    ("length", "given", "days"),
    [
        ("day", {}, ["2026-01-31", "2026-01-31"]),
        ("week", {}, ["2026-01-31", "2026-02-06"]),
        ("week", {"enrolled_from": ["2026-02-02"], "enrolled_to": ["2026-02-03"]}, ["2026-02-02", "2026-02-03"]),
    ],
)
def test_a_time_within_the_filters(length: str, given: dict[str, list[str]], days: list[str]) -> None:
    asked = Asked("trend", None, {**given, "team": ["a"]}, "UTC")
    query = parse_qs(urlsplit(asked.started_in(date(2026, 1, 31), length)).query)
    assert [query["enrolled_from"], query["enrolled_to"], query["team"]] == [[days[0]], [days[1]], ["a"]]


def test_months_have_their_days() -> None:
    for first, last in (("2026-02-01", "2026-02-28"), ("2028-02-01", "2028-02-29"), ("2026-12-01", "2026-12-31")):
        href = Asked("monthly", None, {}, "UTC").started_in(date.fromisoformat(first), "month")
        assert parse_qs(urlsplit(href).query) == {"enrolled_from": [first], "enrolled_to": [last]}


def test_a_sorted_report_draws_the_column_that_it_is_sorted_by() -> None:
    for sort, label in (([], "Met"), (["reply"], "Reply rate"), (["contacts"], "Contacts")):
        (one,) = made("leaderboard", {"sort": sort})
        assert [column.label for column in one.columns if column.colour] == [label]
        assert one.title == f"{label} by user"
    (one,) = made("leaderboard", {"sort": ["enrolled_by"]})
    assert not one.is_charted


def test_sequences_are_called_as_people_call_them() -> None:
    answer = ask("custom", account="default", parameters=ASKED).answer(Reader(company()[0]))
    (one,) = drawings(Asked("custom", None, ASKED, "UTC", words={"sequence": {SEQUENCE: "Spring"}}), answer)
    assert "Spring" in [row.label for row in one.rows]
    assert all(row.href and row.href.startswith("/performance/") for row in one.rows)


def test_what_took_no_time_at_all_is_told_as_well() -> None:
    nothing = SimpleNamespace(measure="send_to_open", count=0, median=None, p90=None, histogram=[])
    (one,) = drawings(Asked("times", None, {}, "UTC"), SimpleNamespace(times=[nothing]))
    assert not one.rows
    assert not one.is_charted
    assert one.notes == []
