"""Parquet, by pyarrow: the columns of the CSV, with types. The metadata of the file say which report it is, of what, and as of when."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, BinaryIO, Final

from pydantic import BaseModel

from projections.export.columns import Column, Kind, columns, records
from projections.reports import Question
from projections.reports.errors import MissingLibrary

_ROWS: Final = 65_536
"""Rows that are written together; whoever reads the file skips by as many."""


def check_parquet() -> None:
    """Raises `MissingLibrary` where Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise MissingLibrary("the format parquet", "pyarrow", "parquet") from None


def write_parquet(question: Question, answers: Iterable[BaseModel], sink: BinaryIO) -> None:
    """Write answers."""
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    shape = columns(question)
    remaining = iter(answers)
    first = next(remaining)
    metadata = {"tally.report": question.report.name, **{f"tally.{name}": text for name, text in _said(question, first).items()}}
    schema = pyarrow.schema([(column.name, _type(column)) for column in shape], metadata=metadata)
    tables = (pyarrow.table(_cells(shape, records(answer)), schema=schema) for answer in chain([first], remaining))
    with ParquetWriter(sink, schema, compression="zstd") as writer:
        for group in _groups(tables):
            writer.write_table(pyarrow.concat_tables(group))


def _groups(tables: Iterable[Any]) -> Iterator[list[Any]]:
    """Tables to be written together."""
    group: list[Any] = []
    for table in tables:
        group.append(table)
        if sum(map(len, group)) >= _ROWS:
            yield group
            group = []
    if group:
        yield group


def _said(question: Question, answer: BaseModel) -> dict[str, str]:
    """What is said beside the records, as JSON."""
    said = answer.model_dump(mode="json")
    asked = question.query
    return {
        "account": asked.account,
        "subject": asked.subject,
        "filters": json.dumps(asked.filters.echo()),
        "time_zone": asked.time_zone,
        "as_of": json.dumps(said["as_of"]),
    }


def _type(column: Column) -> Any:
    import pyarrow

    types = {
        Kind.WHOLE: pyarrow.int64(),
        Kind.NUMBER: pyarrow.float64(),
        Kind.TRUTH: pyarrow.bool_(),
        Kind.TIME: pyarrow.timestamp("ms", "UTC"),
        Kind.DATE: pyarrow.date32(),
    }
    return types.get(column.kind, pyarrow.string())


def _cells(shape: Sequence[Column], rows: Sequence[BaseModel]) -> dict[str, list[Any]]:
    lines = [row.model_dump(mode="json", by_alias=True) for row in rows]
    return {column.name: [_cell(column.kind, column.value(line)) for line in lines] for column in shape}


def _cell(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind is Kind.TIME:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind is Kind.DATE else value
