"""Every report, asked with anything, says what the oracle makes of the same events."""

from itertools import product
from math import isclose
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from events.log.port import Log
from projections.reports import REPORTS, report
from projections.tables.reader import Reader
from tests.folding import folded, log_of
from tests.golden.loader import Golden, golden_histories
from tests.oracle import reports as oracle
from tests.strategies.calls import DIMENSIONS, MEASURES, REPORT_PARAMETERS, SUBJECTS, calls_for, cells_of
from tests.strategies.histories import histories
from tests.unit.streams.memory_log import MemoryLog

GOLDEN = golden_histories()
CALLS = tuple(name for name in oracle.REPORTS if name in REPORTS)
PAGED = ("enrollments", "contacts")
"""Reports that come in pages; the oracle gives all rows at once."""
NAMES = {"measures": "measure"}
"""What the product calls a parameter of the oracle."""
CHOICES = {"basis": ("contacts", "enrollments", "messages"), "opens": ("human", "all")}


@given(histories(), st.data())
def test_any_call_on_any_history(events: list[dict[str, Any]], data: st.DataObject) -> None:
    reader, log = projected(events)
    for _ in range(8):
        name, parameters = data.draw(calls_for(events, CALLS))
        limit = data.draw(st.integers(1, 4)) if name in PAGED else 1000
        assert_equal(oracle.report(events, name, **parameters), answer(reader, log, name, parameters, limit=limit))


@given(histories(), st.integers(0, 5))
def test_both_sources_without_filters(events: list[dict[str, Any]], number: int) -> None:
    # Each history is asked some of it: what there is to ask is more than there are histories.
    assert_both_sources_equal(events, plain_calls(events)[number::6])


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])
def test_both_sources_on_golden_histories(golden: Golden) -> None:
    asked = [(one.report, dict(one.parameters)) for one in golden.expect if one.report in CALLS]
    assert_both_sources_equal(golden.events, [*plain_calls(golden.events), *asked])


def assert_both_sources_equal(events: list[dict[str, Any]], calls: list[tuple[str, dict[str, Any]]]) -> None:
    reader, log = projected(events)
    for name, parameters in calls:
        expected = oracle.report(events, name, **parameters)
        for source in ("auto", "rows"):
            assert_equal(expected, answer(reader, log, name, parameters, source))


def plain_calls(events: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Every report of every subject without filters, in every basis, with and without machines.

    Of `custom` each measure and each dimension, of `enrollments` each cell.
    """
    of_account = [event for event in events if (event.get("account") or "default") == "default"]
    own = [event["data"] for event in of_account]
    calls: list[tuple[str, dict[str, Any]]] = []
    # The recount of a contact begins anew at every event: of very many it takes too long.
    for name in CALLS if len(events) < 300 else [name for name in CALLS if name != "contact"]:
        chosen = [choice for choice in CHOICES if choice in REPORT_PARAMETERS[name]]
        ways: list[dict[str, Any]] = [dict(zip(chosen, values, strict=True)) for values in product(*(CHOICES[choice] for choice in chosen))]
        if name in SUBJECTS:
            subject = SUBJECTS[name]
            named = sorted({data[subject] for data in own if data.get(subject) is not None})[:4]
            ways = [{subject: one, **way} for one in named for way in ways]
        if name == "custom":
            ways = [{"measures": MEASURES, **way} for way in ways]
            ways += [{"measures": MEASURES[number::11], "by": [dimension]} for number, dimension in enumerate(DIMENSIONS)]
        if name == "enrollments":
            ways += [{**way, "cell": cell, "filters": {"sequence": [sequence]}} for cell, sequence in cells_of(of_account) for way in ways]
        calls += [(name, way) for way in ways]
    return calls


def projected(events: list[dict[str, Any]]) -> tuple[Reader, Log]:
    """A reader of what the events came to, and the log that they were in."""
    log = MemoryLog()
    log.records.update(log_of(events))
    return Reader(folded(events)), log


def answer(reader: Reader, log: Log, name: str, parameters: dict[str, Any], source: Any = "auto", limit: int = 1000) -> dict[str, Any]:
    """The report under the oracle's parameters, without `as_of`; of one in pages of `limit` rows, all pages together."""
    subject = parameters.get(SUBJECTS.get(name, ""))
    apart = ("filters", "account", *SUBJECTS.values())
    given = {one: value for one, value in parameters.items() if one not in apart} | parameters.get("filters", {})
    texts = {NAMES.get(one, one): value if isinstance(value, list) else [str(value)] for one, value in given.items()}

    def asked(**more: list[str]) -> dict[str, Any]:
        account = parameters.get("account", "default")
        made = report(name, reader, account=account, subject=subject, parameters=texts | more, source=source, log=log)
        assert isinstance(made, REPORTS[name].result)
        answered = made.model_dump(by_alias=True)
        assert list(answered)[-1] == "as_of"
        del answered["as_of"]
        return answered

    if name not in PAGED:
        return asked()
    page = whole = asked(limit=[str(limit)])
    while page["next"] is not None:
        assert len(page[name]) == limit
        page = asked(limit=[str(limit)], cursor=[page["next"]])
        assert {**page, name: [], "next": None} == {**whole, name: [], "next": None}
        assert 1 <= len(page[name]) <= limit
        whole = {**whole, name: whole[name] + page[name]}
    return {**whole, "next": None}


def assert_equal(expected: dict[str, Any], answered: dict[str, Any]) -> None:
    """Equal, and that to the last bit but where a library of statistics was asked: there the oracle knows the differences alone."""
    for row in answered.get("variants", ()):
        against = row["against_baseline"]
        if against is not None:
            assert row["too_early"] is False or all(rate["p_value"] is None for rate in against.values())
            row["against_baseline"] = {name: {"difference": rate["difference"]} for name, rate in against.items()}
    assert expected == (near(expected, answered) if "variants" in expected else answered)


def near(expected: Any, answered: Any) -> Any:
    """The answer, with the expected number in place of each one that differs by rounding alone."""
    if isinstance(expected, dict) and isinstance(answered, dict):
        return {name: near(expected.get(name), value) for name, value in answered.items()}
    if isinstance(expected, list) and isinstance(answered, list) and len(expected) == len(answered):
        return [near(one, other) for one, other in zip(expected, answered, strict=True)]
    if isinstance(expected, float) and isinstance(answered, float) and isclose(expected, answered, rel_tol=1e-9, abs_tol=1e-12):
        return expected
    return answered
