"""Reports as CSV (RFC 4180): the records of a list report one a line, any other report as one line; nested numbers under dotted names."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TextIO

from pydantic import BaseModel

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would run a text that begins so."""


def write_csv(report: BaseModel, output: TextIO) -> None:
    """Write a report, header first. Null is empty; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    answer = report.model_dump()
    rows = next((value for value in answer.values() if isinstance(value, list)), None)
    lines = [dict(_flat(row)) for row in ([answer] if rows is None else rows)]
    columns = list(dict.fromkeys(column for line in lines for column in line))
    writer = csv.writer(output)
    writer.writerow(columns)
    writer.writerows([_cell(line.get(column)) for column in columns] for line in lines)


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{prefix}{name}", " ".join(map(str, value))
        else:
            yield f"{prefix}{name}", value


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
