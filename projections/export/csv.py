"""CSV (RFC 4180): the records of a list report one a line, any other report as one line; nested values under dotted names.

Null is empty. A text that a spreadsheet would take for a formula gets an apostrophe in front: names come from strangers, and a spreadsheet
runs what begins with = + - @, also in full width, also after blanks and what is not seen. One that divides by semicolons, as is usual where
commas are in numbers, begins anew behind each. Numbers, times and dates are none.
"""

import codecs
import csv
import re
from collections.abc import Iterable
from typing import Any, BinaryIO, Final

from pydantic import BaseModel

from projections.export.columns import Column, Kind, columns, records
from projections.reports import Question

_FORMULA: Final = re.compile(r"(^|;)(?=[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060-\u206f\ufeff]*[=+\-@＝＋－＠])|^(?=[\t\r\n])")
"""Where a formula would begin, or what a spreadsheet drops that then begins with what is behind it."""


def write_csv(question: Question, answers: Iterable[BaseModel], sink: BinaryIO) -> None:
    """Write answers, the header first."""
    writer = csv.writer(codecs.getwriter("utf-8")(sink))
    shape = columns(question)
    writer.writerow(harmless(column.name) for column in shape)
    for answer in answers:
        lines = (record.model_dump(mode="json", by_alias=True) for record in records(answer))
        writer.writerows([_cell(column, line) for column in shape] for line in lines)


def harmless(text: str) -> str:
    """The text, as no spreadsheet takes it for a formula."""
    return _FORMULA.sub(r"\1'", text)


def _cell(column: Column, record: dict[str, Any]) -> Any:
    value = column.value(record)
    if value is None:
        return ""
    if column.kind is Kind.TRUTH:
        return "true" if value else "false"
    return harmless(value) if column.kind in (Kind.TEXT, Kind.NESTED) else value
