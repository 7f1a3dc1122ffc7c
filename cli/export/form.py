"""What a report can be written as, and what writes it."""

import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from cli.failure import WrongCall

if TYPE_CHECKING:
    from pydantic import BaseModel

    from projections.reports import Question

    Write = Callable[[Question, Iterable[BaseModel], BinaryIO], None]
    """Writes the answers to a question."""


class Form(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


def writer(question: "Question", form: Form, output: Path | None, *, every: bool) -> "Write":
    """What writes the answers. Raises `WrongCall` for what cannot be written like this, `MissingLibrary` for what cannot be written
    here."""
    from projections.reports.cursor import CURSOR

    if every and CURSOR not in question.report.parameters:
        raise WrongCall(f"--all: the report {question.report.name} does not come in pages; it is whole as it is")
    if every and form is Form.TABLE:
        raise WrongCall("--all: goes with --format csv, json, ndjson or parquet")
    match form:
        case Form.TABLE:
            from cli.tables import write_table

            return write_table
        case Form.JSON:
            from projections.export.json import write_json, write_json_pages

            return write_json_pages if every else write_json
        case Form.CSV:
            from projections.export.csv import write_csv

            return write_csv
        case Form.NDJSON:
            from projections.export.ndjson import write_ndjson

            return write_ndjson
        case Form.PARQUET:
            from projections.export.parquet import check_parquet, write_parquet

            if output is None and sys.stdout.isatty():
                raise WrongCall("--output: is missing; Parquet is nothing that a terminal shows")
            check_parquet()
            return write_parquet
