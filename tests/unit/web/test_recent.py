"""An answer is given again only for the same question at the same moment, and those that are kept stay within their room."""

from web.recent import Recent


def test_it_is_found_by_its_question_and_its_moment() -> None:
    recent: Recent[str] = Recent(100)
    recent.keep("question", 1, "answer", 10)
    assert recent.find("question", 1) == "answer"
    assert recent.find("question", 2) is None
    assert recent.find("other", 1) is None


def test_the_later_moment_takes_the_place() -> None:
    recent: Recent[str] = Recent(100)
    recent.keep("question", 1, "old", 60)
    recent.keep("question", 2, "new", 60)
    assert recent.find("question", 1) is None
    assert recent.find("question", 2) == "new"


def test_the_longest_unused_go_first_when_there_is_no_room() -> None:
    recent: Recent[str] = Recent(100)
    for name in ("first", "second", "third"):
        recent.keep(name, 1, name, 30)
    assert recent.find("first", 1)
    recent.keep("fourth", 1, "fourth", 40)
    assert [name for name in ("first", "second", "third", "fourth") if recent.find(name, 1)] == ["first", "third", "fourth"]


def test_what_is_larger_than_the_room_is_not_kept() -> None:
    recent: Recent[str] = Recent(100)
    recent.keep("large", 1, "large", 101)
    assert recent.find("large", 1) is None
