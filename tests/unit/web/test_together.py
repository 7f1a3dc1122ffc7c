"""Several questions of one page are answered as of one instant, as far as commits leave time for that."""

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from projections.reports import ParameterError
from tests.unit.web.conftest import Served
from web.answers import Answers
from web.calls import Calls
from web.ends import SharedEnds


def question(moments: Iterator[int]) -> Any:
    """A question whose answers are as of the next moment each."""

    def answer(*_: Any, **__: Any) -> Any:
        moment = next(moments)
        return SimpleNamespace(as_of=SimpleNamespace(generation=1, applied=moment, time=None), moment=moment)

    return SimpleNamespace(report=SimpleNamespace(reads_log=False), query=SimpleNamespace(account="default"), answer=answer)


def answers(served: Served) -> Answers:
    return Answers(served.reader, served.log, SharedEnds(served.ends), Calls(1, "test"), Calls(1, "test"), "UTC")


async def moments(served: Served, *told: Iterator[int]) -> list[int]:
    return [one.moment for one in await answers(served).together([lambda one=one: question(one) for one in told])]  # type: ignore[misc, attr-defined]


async def test_questions_between_which_something_was_committed_are_asked_again(served: Served) -> None:
    assert await moments(served, iter([1, 2]), iter([2, 2])) == [2, 2]


async def test_commits_that_never_pause_are_not_waited_for(served: Served) -> None:
    assert await moments(served, count(0, 2), count(1, 2)) == [4, 5]


async def test_what_is_wrong_is_said_before_anything_is_read(served: Served) -> None:
    def wrong() -> Any:
        raise ParameterError("team", "is none")

    with pytest.raises(ParameterError):
        await answers(served).together([lambda: question(iter([])), wrong])
    assert await answers(served).together([]) == []
