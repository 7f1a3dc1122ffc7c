import csv
import io

import pytest
from pydantic import BaseModel

from cli.csv_form import write_csv


class Share(BaseModel):
    numerator: int
    value: float | None


class Line(BaseModel):
    name: str | None
    archived: bool
    rates: dict[str, Share]


class Listed(BaseModel):
    lines: list[Line]
    as_of: dict[str, int]


class Single(BaseModel):
    name: str
    filters: dict[str, list[str]]
    totals: dict[str, int]


def written(report: BaseModel) -> list[list[str]]:
    output = io.StringIO(newline="")
    write_csv(report, output)
    return list(csv.reader(io.StringIO(output.getvalue(), newline="")))


def test_a_list_has_a_line_for_each_record() -> None:
    open_rate = {"open": Share(numerator=1, value=1 / 3)}
    lines = [
        Line(name="Spring, late", archived=True, rates=open_rate),
        Line(name=None, archived=False, rates={"open": Share(numerator=0, value=None)}),
    ]
    assert written(Listed(lines=lines, as_of={"lag": 0})) == [
        ["name", "archived", "rates.open.numerator", "rates.open.value"],
        ["Spring, late", "true", "1", repr(1 / 3)],
        ["", "false", "0", ""],
    ]


def test_any_other_report_is_one_line() -> None:
    assert written(Single(name="x", filters={"team": ["a", "b"]}, totals={"sent": 3})) == [
        ["name", "filters.team", "totals.sent"],
        ["x", "a b", "3"],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula(text: str) -> None:
    assert written(Single(name=text, filters={}, totals={"sent": -3})) == [["name", "totals.sent"], [f"'{text}", "-3"]]


def test_text_within_is_left_alone() -> None:
    assert written(Single(name="a=1", filters={}, totals={}))[1] == ["a=1"]
