"""JSON lines: the records of a list report one a line, any other report as one line."""

from collections.abc import Iterable
from typing import BinaryIO

from pydantic import BaseModel

from projections.export.columns import records
from projections.reports import Question


def write_ndjson(_: Question, answers: Iterable[BaseModel], sink: BinaryIO) -> None:
    """Write answers."""
    for answer in answers:
        sink.writelines(record.model_dump_json(by_alias=True).encode() + b"\n" for record in records(answer))
