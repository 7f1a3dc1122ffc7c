"""Pages of a list: one, or all that follow from it."""

from typing import Any

import pytest

from cli.pages import Pages
from projections.reports import ask
from tests.unit.cli.company import question, tables


@pytest.mark.parametrize("name", ["enrollments", "contacts"])
def test_all_pages_are_the_whole_list_each_row_once(name: str) -> None:
    whole: Any = question(name, limit=["1000"]).answer(tables())
    pages = Pages(question(name, limit=["7"]), every=True)
    read: list[Any] = list(pages.read(tables(), None, None))
    assert [row for page in read for row in getattr(page, name)] == getattr(whole, name)
    assert {len(getattr(page, name)) for page in read[:-1]} == {7}
    assert pages.shown == whole.total > 50
    assert pages.last.next is None


def test_without_a_limit_all_pages_are_as_large_as_they_may_be() -> None:
    assert len(list(Pages(question("enrollments"), every=True).read(tables(), None, None))) == 1


def test_one_page_knows_that_there_are_more() -> None:
    pages = Pages(question("enrollments", limit=["7"]), every=False)
    assert len(list(pages.read(tables(), None, None))) == 1
    assert (pages.shown, pages.last.next is not None) == (7, True)


def test_filters_zone_and_cursor_hold_on_every_page() -> None:
    parameters = {"enrolled_from": ["2026-05-01"], "time_zone": ["Asia/Tokyo"], "team": ["team-north"], "limit": ["3"]}
    first: Any = question("enrollments", **parameters).answer(tables())
    rest = Pages(question("enrollments", **parameters, cursor=[first.next]), every=True)
    read: list[Any] = list(rest.read(tables(), None, None))
    rows = [*first.enrollments, *(row for page in read for row in page.enrollments)]
    assert len({row.enrollment_id for row in rows}) == len(rows) == first.total
    assert {row.team_id for row in rows} == {"team-north"}


def test_a_report_without_pages_is_one_answer() -> None:
    pages = Pages(ask("analyze", account="default"), every=False)
    (answer,) = pages.read(tables(), None, None)
    assert pages.last is answer
