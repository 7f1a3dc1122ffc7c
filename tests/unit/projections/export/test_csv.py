"""CSV: a header that does not depend on the rows, and nothing that a spreadsheet would run."""

import csv
import io

import pytest
from pydantic import BaseModel

from projections.export import csv as csv_export
from projections.export.columns import Column, Kind
from projections.export.csv import harmless, write_csv
from projections.reports import Question
from projections.reports.as_of import AsOf
from projections.reports.custom import CustomRow
from projections.reports.engagement import Engagement, SequenceEngagement
from tests.unit.cli.company import answer, question

NUMBERS = {"contacts": -1, "opened": 2, "clicked": 0, "replied": 0, "met": 0, "unsubscribed": 0, "bounced": 0}


def written(asked: Question, *answers: BaseModel) -> list[list[str]]:
    sink = io.BytesIO()
    write_csv(asked, answers, sink)
    return list(csv.reader(io.StringIO(sink.getvalue().decode(), newline="")))


def engagement(*names: str | None) -> Engagement:
    lines = [SequenceEngagement(sequence_id=f"s-{number}", name=name, **NUMBERS) for number, name in enumerate(names)]
    return Engagement(sequences=lines, as_of=AsOf(generation=1, applied=0, lag=0, time=None))


def test_a_list_has_a_line_for_each_record() -> None:
    assert written(question("engagement"), engagement("Spring, “late”", None)) == [
        ["sequence_id", "name", *NUMBERS],
        ["s-0", "Spring, “late”", "-1", "2", "0", "0", "0", "0", "0"],
        ["s-1", "", "-1", "2", "0", "0", "0", "0", "0"],
    ]


def test_pages_have_one_header() -> None:
    lines = written(question("engagement"), engagement("a"), engagement("b"))
    assert [line[1] for line in lines] == ["name", "a", "b"]


@pytest.mark.parametrize("name", ["engagement", "enrollments", "custom", "trend"])
def test_nothing_has_the_header_of_something(name: str) -> None:
    full, empty = question(name), question(name, team=["nobody's"], sequence=["none"])
    assert written(full, answer(full))[0] == written(empty, answer(empty))[0]


def test_a_report_without_a_list_is_one_line_with_its_filters() -> None:
    asked = question("analyze", team=["team-north", "team-south"], enrolled_from=["2026-05-01"])
    header, line = written(asked, answer(asked))
    values = dict(zip(header, line, strict=True))
    assert values["filters.team"] == '["team-north", "team-south"]'
    assert (values["filters.enrolled_from"], values["filters.sequence"]) == ("2026-05-01", "")
    assert float(values["rates.open.value"]) == int(values["rates.open.numerator"]) / int(values["rates.open.denominator"])


def test_truth_is_written_as_json_has_it() -> None:
    asked = question("enrollments")
    header, *lines = written(asked, answer(asked))
    assert {line[header.index("replied")] for line in lines} <= {"true", "false"}


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r1", "\nx", "＝1+1", "＋1", "－1", "＠x", " =1", "\u3000=1", "\ufeff=1", "\0=1", "\u200b@x"],
)
def test_no_text_becomes_a_formula(text: str) -> None:
    line = written(question("engagement"), engagement(text))[1]
    assert line[1] == f"'{text}"
    assert line[2] == "-1", "a number is none"


@pytest.mark.parametrize("text", ["Ann;=cmd|'/C calc'!A0", "a; @b", "a;;-b"])
def test_nor_does_what_is_behind_a_semicolon(text: str) -> None:
    """Where commas are in numbers spreadsheets divide by semicolons, whatever the quotes say."""
    assert [cell.strip()[:1] for cell in harmless(text).split(";")[1:] if cell] == ["'"]


@pytest.mark.parametrize("text", ["a=1", "1-1", "", " ", "'=1", "Ünal", "a; b", "a;"])
def test_other_texts_are_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_nested_texts_and_headers_are_harmless_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question("custom", measure=["started"], by=["company"])
    found = answer(asked).model_copy(update={"rows": [CustomRow(by={"company": "@x"}, values={"started": 3})]})
    assert written(asked, found) == [["by.company", "values.started"], ["'@x", "3"]]
    monkeypatch.setattr(csv_export, "columns", lambda _: [Column(("-values", "started"), Kind.WHOLE)])
    assert written(asked, found)[0] == ["'-values.started"]
