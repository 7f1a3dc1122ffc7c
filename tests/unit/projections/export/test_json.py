"""JSON of one answer and of all pages, and JSON lines."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.pages import Pages
from projections.export.json import write_json, write_json_pages
from projections.export.ndjson import write_ndjson
from projections.reports import Question
from tests.unit.cli.company import answer, question, tables


def written(write: Callable[..., None], asked: Question, *, every: bool = False) -> str:
    sink = io.BytesIO()
    write(asked, Pages(asked, every=True).read(tables(), None, None) if every else [answer(asked)], sink)
    return sink.getvalue().decode()


def test_an_answer_is_written_as_it_is() -> None:
    asked = question("times")
    text = written(write_json, asked)
    assert json.loads(text) == answer(asked).model_dump(mode="json", by_alias=True)
    assert "from" in json.loads(text)["times"][0]["histogram"][0]


@pytest.mark.parametrize("name", ["enrollments", "contacts"])
def test_all_pages_are_one_answer(name: str) -> None:
    whole = answer(question(name, limit=["1000"])).model_dump(mode="json")
    text = written(write_json_pages, question(name, limit=["9"]), every=True)
    assert json.loads(text) == whole
    assert list(json.loads(text)) == list(whole)
    assert text.count("\n") == whole["total"] + 2


def test_all_pages_of_nothing_are_one_answer_too() -> None:
    asked = question("enrollments", team=["nobody's"])
    assert json.loads(written(write_json_pages, asked, every=True)) == answer(asked).model_dump(mode="json")


def test_json_lines_are_the_records() -> None:
    found: Any = answer(question("sequences")).model_dump(mode="json")
    lines = written(write_ndjson, question("sequences")).splitlines()
    assert [json.loads(line) for line in lines] == found["sequences"]


def test_a_report_without_a_list_is_one_line() -> None:
    (line,) = written(write_ndjson, question("analyze")).splitlines()
    assert json.loads(line) == answer(question("analyze")).model_dump(mode="json")
