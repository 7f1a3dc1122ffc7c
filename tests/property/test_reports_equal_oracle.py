"""Every report, asked with anything, says what the oracle makes of the same events."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from projections.reports import REPORTS, report
from projections.tables.reader import Reader
from tests.folding import folded
from tests.golden.loader import Golden, golden_histories
from tests.oracle import reports as oracle
from tests.strategies.calls import calls_for
from tests.strategies.histories import histories

GOLDEN = golden_histories()
CALLS = ("performance", "analyze", "sequences", "steps")


@given(histories(), st.data())
def test_any_call_on_any_history(events: list[dict[str, Any]], data: st.DataObject) -> None:
    reader = Reader(folded(events))
    for _ in range(4):
        name, parameters = data.draw(calls_for(events, CALLS))
        assert oracle.report(events, name, **parameters) == answer(reader, name, parameters)


@pytest.mark.parametrize("source", ["auto", "rows"])
@given(events=histories())
def test_both_sources_without_filters(events: list[dict[str, Any]], source: str) -> None:
    reader = Reader(folded(events))
    for name, parameters in plain_calls(events):
        assert oracle.report(events, name, **parameters) == answer(reader, name, parameters, source)


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])
def test_both_sources_on_golden_histories(golden: Golden) -> None:
    reader = Reader(folded(golden.events))
    for name, parameters in plain_calls(golden.events):
        for source in ("auto", "rows"):
            assert oracle.report(golden.events, name, **parameters) == answer(reader, name, parameters, source)


def plain_calls(events: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Every report of every subject without filters, in every basis, with and without machines."""
    own = [event["data"] for event in events if (event.get("account") or "default") == "default"]
    subjects = sorted({data["sequence_id"] for data in own if data.get("sequence_id") is not None})
    calls: list[tuple[str, dict[str, Any]]] = []
    for opens in ("human", "all"):
        calls += [("steps", {"sequence_id": subject, "opens": opens}) for subject in subjects]
        for basis in ("contacts", "enrollments", "messages"):
            calls += [(name, {"basis": basis, "opens": opens}) for name in ("analyze", "sequences")]
            calls += [("performance", {"sequence_id": subject, "basis": basis, "opens": opens}) for subject in subjects]
    return calls


def answer(reader: Reader, name: str, parameters: dict[str, Any], source: Any = "auto") -> dict[str, Any]:
    """The report under the oracle's parameters, without `as_of`."""
    given = {one: value for one, value in parameters.items() if one not in ("filters", "sequence_id")} | parameters.get("filters", {})
    texts = {one: [value] if isinstance(value, str) else value for one, value in given.items()}
    made = report(name, reader, account="default", subject=parameters.get("sequence_id"), parameters=texts, source=source)
    assert isinstance(made, REPORTS[name].result)
    answered = made.model_dump()
    assert list(answered)[-1] == "as_of"
    del answered["as_of"]
    return answered
