"""JSON: an answer as it is, or the pages of a list as one answer with all of their records."""

from collections.abc import Iterable
from typing import BinaryIO

from pydantic import BaseModel

from projections.export.columns import record_list, records
from projections.reports import Question


def write_json(_: Question, answers: Iterable[BaseModel], sink: BinaryIO) -> None:
    """Write an answer."""
    sink.writelines(answer.model_dump_json(indent=2, by_alias=True).encode() + b"\n" for answer in answers)


def write_json_pages(question: Question, pages: Iterable[BaseModel], sink: BinaryIO) -> None:
    """Write all pages as one answer, a record a line. What stands beside the list is that of the first page."""
    names = list(question.report.result.model_fields)
    listed = record_list(question.report.result)
    assert listed is not None, "what has pages is a list"
    place = names.index(listed)
    rest, written = b"", 0
    for number, page in enumerate(pages):
        if number == 0:
            whole = page.model_copy(update={"next": None})
            sink.write(b"{" + b"".join(_field(whole, name) + b", " for name in names[:place]) + f'"{listed}": ['.encode())
            rest = b"".join(b", " + _field(whole, name) for name in names[place + 1 :])
        for record in records(page):
            sink.write((b",\n" if written else b"\n") + record.model_dump_json(by_alias=True).encode())
            written += 1
    sink.write(b"\n]" + rest + b"}\n")


def _field(answer: BaseModel, name: str) -> bytes:
    return answer.model_dump_json(include={name}, by_alias=True)[1:-1].encode()
