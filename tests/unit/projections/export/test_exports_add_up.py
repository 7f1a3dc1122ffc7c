"""An export of enrollments, added up again in plain Python, gives the numbers of `analyze` and `performance`."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from cli.pages import Pages
from projections.export.csv import write_csv
from projections.export.ndjson import write_ndjson
from projections.export.parquet import write_parquet
from projections.reports import Question, ask
from projections.tables.reader import Reader
from tests.folding import folded
from tests.strategies.calls import filters_for
from tests.strategies.histories import histories
from tests.unit.cli.company import tables

Row = dict[str, Any]


def from_csv(data: bytes) -> Iterable[Row]:
    for line in csv.DictReader(io.StringIO(data.decode(), newline="")):
        numbers = {name: int(line[name]) for name in ("emails_sent", "opens", "clicks")}
        yield {**line, **numbers, **{name: line[name] == "true" for name in ("replied", "met", "bounced")}}


def from_ndjson(data: bytes) -> Iterable[Row]:
    return map(json.loads, data.splitlines())


def from_parquet(data: bytes) -> Iterable[Row]:
    rows: list[Row] = parquet.read_table(io.BytesIO(data)).to_pylist()
    return rows


FORMS: dict[str, tuple[Callable[..., None], Callable[[bytes], Iterable[Row]]]] = {
    "csv": (write_csv, from_csv),
    "ndjson": (write_ndjson, from_ndjson),
    "parquet": (write_parquet, from_parquet),
}


def exported(form: str, reader: Reader, asked: Question) -> list[Row]:
    write, read = FORMS[form]
    sink = io.BytesIO()
    write(asked, Pages(asked, every=True).read(reader, None, None), sink)
    return list(read(sink.getvalue()))


def added_up(rows: list[Row]) -> dict[str, Any]:
    return {
        "started": len(rows),
        "contacts": len({row["contact_id"] for row in rows}),
        "outcomes": {outcome: count for outcome, count in Counter(row["outcome"] for row in rows).items() if count},
        **{number: sum(row[number] for row in rows) for number in ("emails_sent", "opens", "clicks")},
        **{flag: sum(row[flag] for row in rows) for flag in ("replied", "met", "bounced")},
    }


def told(found: Any) -> dict[str, Any]:
    """The same numbers, as the report has them in basis enrollments."""
    return {
        "started": found.enrollments.started,
        "contacts": found.enrollments.contacts,
        "outcomes": {outcome: count for outcome, count in found.outcomes if count},
        "emails_sent": found.totals.sent,
        "opens": found.totals.opens,
        "clicks": found.totals.clicks,
        "replied": found.rates.reply.numerator,
        "met": found.rates.meeting.numerator,
        "bounced": found.rates.bounce.numerator,
    }


@pytest.mark.parametrize("form", FORMS)
@given(events=histories(), data=st.data())
def test_of_any_history_under_any_filters(form: str, events: list[dict[str, Any]], data: st.DataObject) -> None:
    reader = Reader(folded(events))
    drawn = data.draw(filters_for(events))
    parameters = {name: [value] if isinstance(value, str) else value for name, value in drawn["filters"].items()}
    parameters["time_zone"] = [drawn["time_zone"]]
    rows = exported(form, reader, ask("enrollments", account="default", parameters={**parameters, "limit": ["2"]}))
    found = ask("analyze", account="default", parameters={**parameters, "basis": ["enrollments"]}).answer(reader)
    assert added_up(rows) == told(found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("filters", [{}, {"team": ["team-north"], "enrolled_from": ["2026-05-01"]}])
def test_of_a_company_and_of_each_of_its_sequences(form: str, filters: dict[str, list[str]]) -> None:
    enrollments = ask("enrollments", account="default", parameters={**filters, "limit": ["50"]})
    rows = exported(form, tables(), enrollments)
    parameters = {**filters, "basis": ["enrollments"]}
    assert added_up(rows) == told(ask("analyze", account="default", parameters=parameters).answer(tables()))
    for sequence in {row["sequence_id"] for row in rows}:
        of_sequence = [row for row in rows if row["sequence_id"] == sequence]
        asked = ask("performance", account="default", subject=sequence, parameters=parameters)
        assert added_up(of_sequence) == told(asked.answer(tables()))
