"""Whatever an id consists of, a link leads to the page of that id."""

from urllib.parse import unquote

import pytest
from starlette.routing import Match, Route

from web.pages import links
from web.pages.behind import cell, in_status, scheduled

HOSTILE = ["a/b", "../x", "a?b#c", "100%", "<script>", "javascript:alert(1)", "//evil.example", "é \u202e&=+", "'\"", "a;b", "%2F"]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_id_is_one_part_of_a_path(name: str) -> None:
    for path in (links.performance(name), links.enrollments(name), links.contact(name), links.company(name), links.dashboard(name)):
        assert path.startswith("/")
        assert path.count("/") == 2
        assert not set(path) & set("?#<>\"' ")


def test_the_route_gives_the_id_back() -> None:
    route = Route("/performance/{sequence_id:path}", lambda _: None)
    for name in HOSTILE:
        match, scope = route.matches({"type": "http", "method": "GET", "path": unquote(links.performance(name))})
        assert (match, scope["path_params"]) == (Match.FULL, {"sequence_id": name})


def test_parameters_are_set_changed_and_taken_away() -> None:
    given = {"team": ["a", "b"], "opens": ["all"]}
    assert links.same(given, opens=None) == "?team=a&team=b"
    assert links.same(given, team=["c"], q="x&y") == "?opens=all&team=c&q=x%26y"
    assert links.without(given, "team", "a") == "?opens=all&team=b"
    assert links.same({"q": ["x"]}, q=None) == "?"
    assert given == {"team": ["a", "b"], "opens": ["all"]}


def test_programs_are_asked_only_what_they_can_be_asked() -> None:
    given = {"team": ["a"], "interval": ["week"], "basis": ["messages"], "page": ["2"]}
    assert links.csv("trend", None, given, sequence="s/1") == "/v1/reports/trend?team=a&interval=week&sequence=s%2F1&format=csv"
    assert links.api("performance", "s/1", given) == "/v1/sequences/s%2F1/performance?team=a&basis=messages"


def test_behind_a_number_of_steps_are_those_that_it_counts() -> None:
    given = {"team": ["a"], "status": ["active", "unenrolled:replied"], "step": ["one", "two"], "basis": ["enrollments"]}
    assert in_status("s", given, "two", "unenrolled") == "/enrollments/s?team=a&status=unenrolled%3Areplied&step=two"
    assert in_status("s", given, None, "active") == "/enrollments/s?team=a&step=one&step=two&status=active&cell=no_step"
    assert in_status("s", given, "three", "active") is None
    assert in_status("s", given, "one", "paused") is None
    assert in_status("s", {}, "one", "paused") == "/enrollments/s?status=paused&step=one"
    assert cell("s", {"team": ["a"]}, "open", "x:y") == "/enrollments/s?team=a&cell=open%3Ax%3Ay"
    assert scheduled("s", given) == "/enrollments/s?team=a&status=scheduled"
