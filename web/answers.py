"""What questions are answered from, and how: beside the event loop, and not at all for whoever has the answer already."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from events.log.port import Log
from projections.reports import Question
from projections.reports.as_of import Ends
from projections.reports.headlines import Headlines, headlines
from projections.tables.reader import Reader
from web.calls import Calls
from web.ends import SharedEnds
from web.etag import etag, matches
from web.form import Form, write

Ask = Callable[[], Question]
"""Checks a question. The statistics of a report may have to be loaded for it, so this is made beside the event loop, too."""

_TRIES: Final = 3
"""How often questions are asked so that nothing is committed between them."""


class Answer(NamedTuple):
    """`body` is None for who has it already; `next` is the cursor of the next page, if there is one."""

    tag: str
    body: bytes | None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers questions from the tables, and from the log where events are shown."""

    reader: Reader
    log: Callable[[], Log]
    """The log; raises `LogUnavailable` while it is away."""
    ends: SharedEnds
    calls: Calls
    time_zone: str
    """Of dates, unless a question says otherwise."""

    async def answer(self, ask: Ask, form: Form, none_match: str | None = None) -> Answer:
        """One answer, unless `none_match` (the header `If-None-Match`) has its tag.

        Raises what `ask` and the question raise, and `Busy`.
        """
        ends = await self.ends.get()

        def answer() -> Answer:
            question = ask()
            tag = etag(question, form, self.reader.read(question.query.account), ends)
            if matches(none_match, tag):
                return Answer(tag, None)
            made = self._answer(question, ends)
            return Answer(tag, write(question, made, form), getattr(made, "next", None))

        return await self.calls.make(answer)

    async def each(self, asks: Sequence[Ask]) -> list[BaseModel | Exception]:
        """Answers to several questions, each as of one instant; or why there is none. Raises `Busy`."""
        ends = await self.ends.get()

        def answer(ask: Ask) -> BaseModel | Exception:
            try:
                return self._answer(ask(), ends)
            except Exception as error:  # noqa: BLE001  it is told beside the answers to the others
                return error

        return [await self.calls.make(lambda ask=ask: answer(ask)) for ask in asks]  # type: ignore[misc]

    async def together(self, asks: Sequence[Ask]) -> list[BaseModel]:
        """Answers to several questions as of one instant; of moments close together where commits follow too fast for that.

        Raises what the first wrong one raises, and `Busy`.
        """
        ends = await self.ends.get()

        def answer() -> list[BaseModel]:
            questions = [ask() for ask in asks]
            made: list[BaseModel] = []
            for _ in range(_TRIES):
                made = [self._answer(question, ends) for question in questions]
                if len({_moment(one) for one in made}) <= 1:
                    break
            return made

        return await self.calls.make(answer)

    async def headlines(self, account: str, sequences: Collection[str] | None) -> Headlines:
        """The headlines of some sequences, or of all, as of one instant. Raises `StoreError`, `Busy`."""
        ends = await self.ends.get()
        return await self.calls.make(lambda: headlines(self.reader, account, sequences, ends))

    def _answer(self, question: Question, ends: Ends | None) -> BaseModel:
        log = self.log() if question.report.subject == "contact" else None
        return question.answer(self.reader, ends=ends, log=log)


def _moment(answer: Any) -> tuple[int, int, str | None]:
    """What an answer is as of: equal for two only if they contain the same commits."""
    return answer.as_of.generation, answer.as_of.applied, answer.as_of.time
