"""The answers to a question: one, or every page of a list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cli.console import progress
from events.log.port import Log
from projections.export.columns import records
from projections.reports import Question, ask
from projections.reports.as_of import Ends
from projections.reports.cursor import CURSOR
from projections.reports.page import LARGEST, LIMIT
from projections.tables.reader import Reader


@dataclass(slots=True)
class Pages:
    """The answer to a question, or with `every` the answers from there to the last page, asked for while they are read."""

    question: Question
    every: bool
    shown: int = 0
    """Records that have been read so far."""
    last: Any = None
    """The last answer so far."""

    def read(self, reader: Reader, ends: Ends | None, log: Log | None) -> Iterator[BaseModel]:
        """The answers in order. Raises `NotFound`, `StoreError`, `LogError`."""
        question = self.question
        if self.every and LIMIT.name not in question.query.given:
            question = _asked_with(question, {LIMIT.name: [str(LARGEST)]})
        with progress("Reading") as bar:
            while True:
                self.last = question.answer(reader, ends=ends, log=log)
                self.shown += len(records(self.last))
                if self.every:
                    bar.update(self.shown, total=self.last.total)
                yield self.last
                if not self.every or self.last.next is None:
                    return
                question = _asked_with(question, {CURSOR.name: [self.last.next]})


def _asked_with(question: Question, parameters: Mapping[str, Sequence[str]]) -> Question:
    asked = question.query
    return ask(
        asked.report,
        account=asked.account,
        subject=asked.subject or None,
        parameters={**asked.given, **parameters},
        default_time_zone=asked.time_zone,
    )
