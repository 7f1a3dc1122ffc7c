"""Parquet: the columns of the CSV, with types, and what the file says of itself."""

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from cli.pages import Pages
from projections.export import parquet as export
from projections.export.columns import columns
from projections.export.parquet import write_parquet
from projections.reports import REPORTS, Question
from tests.unit.cli.company import answer, question, tables


def written(asked: Question, *, every: bool = False) -> parquet.ParquetFile:
    sink = io.BytesIO()
    answers = Pages(asked, every=True).read(tables(), None, None) if every else [answer(asked)]
    write_parquet(asked, answers, sink)
    return parquet.ParquetFile(io.BytesIO(sink.getvalue()))


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_has_its_columns(name: str) -> None:
    asked = question(name)
    table = written(asked).read()
    assert table.column_names == [column.name for column in columns(asked)]
    assert len(table) > 0


def test_columns_have_types() -> None:
    table = written(question("enrollments", limit=["3"])).read()
    assert table.schema.field("started_at").type == pyarrow.timestamp("ms", "UTC")
    assert table.schema.field("opens").type == pyarrow.int64()
    assert table.schema.field("met").type == pyarrow.bool_()
    found: Any = answer(question("enrollments", limit=["3"]))
    assert table["started_at"].to_pylist() == [datetime.fromisoformat(row.started_at) for row in found.enrollments]
    assert written(question("trend")).read()["start"].to_pylist()[0].__class__ is date
    assert written(question("sequences")).read().schema.field("rates.open.value").type == pyarrow.float64()


def test_nothing_has_the_schema_of_something() -> None:
    empty = written(question("enrollments", team=["nobody's"])).read()
    assert len(empty) == 0
    assert empty.schema.equals(written(question("enrollments")).read().schema)


def test_the_file_says_what_it_is() -> None:
    asked = question("enrollments", team=["team-north"], time_zone=["Asia/Tokyo"])
    said = written(asked).schema_arrow.metadata
    assert (said[b"tally.report"], said[b"tally.account"], said[b"tally.time_zone"]) == (b"enrollments", b"default", b"Asia/Tokyo")
    assert json.loads(said[b"tally.filters"]) == {"team": ["team-north"]}
    assert json.loads(said[b"tally.as_of"])["applied"] > 0
    assert written(question("funnel")).schema_arrow.metadata[b"tally.subject"] == b"spring-outreach"


def test_pages_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_ROWS", 30)
    file = written(question("enrollments", limit=["20"]), every=True)
    sizes = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    found: Any = answer(question("enrollments"))
    assert sum(sizes) == found.total
    assert set(sizes[:-1]) == {40}


def test_times_are_in_utc() -> None:
    (first, *_) = written(question("contact")).read()["time"].to_pylist()
    assert first.utcoffset() == datetime.now(UTC).utcoffset()
