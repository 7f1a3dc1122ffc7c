"""What a report can be asked, and what it answers to a question that cannot be."""

from collections.abc import Sequence

import pytest

from projections.reports import REPORTS, NotFound, ParameterError, report
from projections.reports.filters import Filters
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from projections.tables.store import Question


class Untouchable(MemoryStore):
    """A store that nobody may read."""

    def read(self, questions: Sequence[Question]) -> list[object]:
        raise AssertionError(f"{questions} were asked for a question that cannot be answered")


@pytest.mark.parametrize(
    ("parameters", "wrong", "said"),
    [
        ({"colour": ["red"]}, "colour", "sequence, company"),
        ({"sort": ["contacts"]}, "sort", "is no parameter of this report"),
        ({"company": [""]}, "company", "1 to 128 characters"),
        ({"company": ["c" * 129]}, "company", "1 to 128 characters"),
        ({"team": ["a\x1fb"]}, "team", "no control characters"),
        ({"status": ["scheduled"]}, "status", "active, paused, finished"),
        ({"status": ["unenrolled:"]}, "status", "unenrolled:replied"),
        ({"status": ["finished:replied"]}, "status", "unenrolled:replied"),
        ({"status": ["active", "orphan"]}, "status", "'orphan'"),
        ({"enrolled_from": ["2026-02-30"]}, "enrolled_from", "YYYY-MM-DD"),
        ({"enrolled_from": ["20260301"]}, "enrolled_from", "YYYY-MM-DD"),
        ({"enrolled_from": ["2026-W10-1"]}, "enrolled_from", "YYYY-MM-DD"),
        ({"enrolled_from": ["２０２６-03-01"]}, "enrolled_from", "YYYY-MM-DD"),
        ({"enrolled_to": ["tomorrow"]}, "enrolled_to", "YYYY-MM-DD"),
        ({"enrolled_to": ["2026-03-01", "2026-03-02"]}, "enrolled_to", "once"),
        ({"enrolled_from": ["2026-03-02"], "enrolled_to": ["2026-03-01"]}, "enrolled_from", "after enrolled_to"),
        ({"basis": ["people"]}, "basis", "contacts, enrollments, messages"),
        ({"basis": ["contacts", "contacts"]}, "basis", "once"),
        ({"opens": ["machine"]}, "opens", "human, all"),
        ({"time_zone": ["Mars/Olympus"]}, "time_zone", "IANA"),
        ({"time_zone": ["../UTC"]}, "time_zone", "IANA"),
        ({"time_zone": [""]}, "time_zone", "IANA"),
    ],
)
def test_a_wrong_parameter_is_named_and_nothing_is_read(parameters: dict[str, list[str]], wrong: str, said: str) -> None:
    with pytest.raises(ParameterError) as raised:
        report("analyze", Reader(Untouchable()), account="default", parameters=parameters)
    assert wrong == raised.value.parameter
    assert said in raised.value.message
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "parameters", "wrong"),
    [("sequences", {"sort": ["colour"]}, "sort"), ("sequences", {"order": ["up"]}, "order"), ("steps", {"basis": ["contacts"]}, "basis")],
)
def test_every_report_reads_its_own_parameters_first(name: str, parameters: dict[str, list[str]], wrong: str) -> None:
    with pytest.raises(ParameterError) as raised:
        report(name, Reader(Untouchable()), account="default", subject="s" if REPORTS[name].subject else None, parameters=parameters)
    assert wrong == raised.value.parameter


@pytest.mark.parametrize(
    ("name", "subject", "wrong"),
    [("nothing", None, "report"), ("performance", None, "sequence_id"), ("performance", "", "sequence_id"), ("analyze", "s-1", "subject")],
)
def test_a_report_needs_its_subject(name: str, subject: str | None, wrong: str) -> None:
    with pytest.raises(ParameterError) as raised:
        report(name, Reader(Untouchable()), account="default", subject=subject)
    assert wrong == raised.value.parameter


@pytest.mark.parametrize("source", ["auto", "rows"])
@pytest.mark.parametrize("name", ["performance", "steps"])
def test_a_subject_that_no_event_has_named_is_not_found(name: str, source: str) -> None:
    with pytest.raises(NotFound) as raised:
        report(name, Reader(MemoryStore()), account="default", subject="s-9", source=source)  # type: ignore[arg-type]  # both are sources
    expected = ("sequence", "s-9")
    assert expected == (raised.value.kind, raised.value.id)


def test_filters_are_echoed_as_they_were_set() -> None:
    given = {"enrolled_to": ["2026-03-31"], "company": ["b", "a", "b"], "status": ["unenrolled:replied"], "basis": ["messages"]}
    expected = {"company": ["b", "a", "b"], "status": ["unenrolled:replied"], "enrolled_to": "2026-03-31"}
    assert expected == Filters.read(given).echo()


def test_a_parameter_without_values_is_not_set() -> None:
    answer = report("analyze", Reader(MemoryStore()), account="default", parameters={"company": [], "basis": []})
    assert not answer.model_dump()["filters"]
