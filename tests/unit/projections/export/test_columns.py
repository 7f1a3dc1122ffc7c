"""The columns of an export follow from the question, and have all that its records have."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from projections.export.columns import Kind, columns, record_list, records
from projections.reports import REPORTS
from projections.reports.measures import MEASURES
from tests.unit.cli.company import answer, question


def leaves(record: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted names of all values that are not null, in order."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        elif value is not None:
            yield f"{prefix}{name}"


@pytest.mark.parametrize("name", REPORTS)
def test_every_value_of_every_record_has_a_column(name: str) -> None:
    asked = question(name)
    names = [column.name for column in columns(asked)]
    assert len(set(names)) == len(names)
    found = records(answer(asked))
    assert found
    for record in found:
        assert set(leaves(record.model_dump(mode="json"))) <= set(names)


@pytest.mark.parametrize("name", REPORTS)
def test_every_value_is_of_the_kind_of_its_column(name: str) -> None:
    asked = question(name)
    kinds = {Kind.WHOLE: int, Kind.NUMBER: float, Kind.TRUTH: bool}
    for record in records(answer(asked)):
        line = record.model_dump(mode="json")
        for column in columns(asked):
            assert column.value(line) is None or type(column.value(line)) is kinds.get(column.kind, str), column.name


def test_times_and_dates_are_known_as_such() -> None:
    def of(kind: Kind, name: str, **parameters: list[str]) -> list[str]:
        return [column.name for column in columns(question(name, **parameters)) if column.kind is kind]

    assert of(Kind.TIME, "enrollments") == ["started_at", "ended_at", "last_engaged_at"]
    assert of(Kind.TIME, "contact") == ["time"]
    assert of(Kind.DATE, "trend") == ["start"]
    assert of(Kind.DATE, "custom", by=["user", "day"]) == ["by.day"]
    assert of(Kind.DATE, "analyze") == ["filters.enrolled_from", "filters.enrolled_to"]


def test_the_columns_of_custom_are_what_was_asked_for() -> None:
    asked = question("custom", measure=["met", "reply_rate"], by=["team"])
    rate = [f"values.reply_rate.{part}" for part in ("numerator", "denominator", "basis", "value")]
    assert [column.name for column in columns(asked)] == ["by.team", "values.met", *rate]


def test_every_measure_has_its_columns() -> None:
    asked = question("custom", measure=[",".join(MEASURES)], by=[])
    (row,) = records(answer(asked))
    assert list(leaves(row.model_dump())) == [column.name for column in columns(asked)]


def test_the_list_of_a_report_is_its_last_one() -> None:
    assert {name: record_list(report.result) for name, report in REPORTS.items() if report.subject == "contact"} == {"contact": "events"}
    assert record_list(REPORTS["contacts"].result) == "contacts"
    assert record_list(REPORTS["analyze"].result) is None
