"""How long answers take: one way, or all of them."""

import pytest

from cli.demo.company import Company
from projections.reports import ParameterError, ask
from projections.reports.times import WAY, Times, TimesToAnswer
from projections.tables.reader import Reader
from tests.folding import folded

UNTIL = 1_790_000_000_000


def times(reader: Reader, **parameters: list[str]) -> list[Times]:
    found = ask("times", account="default", parameters=parameters).answer(reader)
    assert isinstance(found, TimesToAnswer)
    return found.times


def test_one_way_is_what_it_is_among_all() -> None:
    reader = Reader(folded(list(Company(5, 60, until=UNTIL).history())))
    every = times(reader)
    assert [one.measure for one in every] == list(WAY.choices)
    assert all(one.count for one in every)
    for one in every:
        assert times(reader, way=[one.measure]) == [one]


def test_a_way_that_is_none_is_named() -> None:
    with pytest.raises(ParameterError, match="'send_to_mars' is not allowed"):
        ask("times", account="default", parameters={"way": ["send_to_mars"]})
