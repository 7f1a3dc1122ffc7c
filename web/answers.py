"""What questions are answered from, and how: beside the event loop, and not at all for whoever has the answer already."""

from collections.abc import Callable, Collection, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from events.log.port import Log
from projections.reports import Question, ask
from projections.reports.as_of import Ends
from projections.reports.headlines import Headlines, headlines
from projections.reports.parameters import Given
from projections.tables.reader import Reader
from projections.tables.reading import Reading
from projections.versions import Versions
from web.calls import Busy, Calls
from web.ends import SharedEnds
from web.etag import Moment, etag, matches, moment, names
from web.form import Form, write
from web.recent import Recent
from web.standing import Standing

_ROOM: Final = 4 << 20
"""Bytes of answers that are kept for whoever asks the same."""
_ROOM_OF_QUESTIONS: Final = 1 << 19
_QUESTION: Final = 1_000
"""Bytes of a question, beside what was asked with."""

Ask = Callable[[], Question]
"""Checks a question."""

T = TypeVar("T")

_TRIES: Final = 3
"""How often questions are asked so that nothing is committed between them."""


class TooMuch(Exception):
    """An answer finds no room beside those before it."""


class Asked(NamedTuple):
    """What a report is asked with, before it is checked: equal ones have equal answers."""

    report: str
    account: str
    subject: str | None
    given: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, report: str, account: str, subject: str | None, given: Given) -> "Asked":
        return cls(report, account, subject, tuple((name, tuple(values)) for name, values in given.items()))


class Answer(NamedTuple):
    """`body` is None for who has it already; `next` is the cursor of the next page, if there is one."""

    tag: str
    body: bytes | None
    next: str | None = None


class Answers:
    """Answers questions from the tables, and from the log where events are shown. For one event loop.

    `log` raises `LogUnavailable` while the log is away; `time_zone` is that of dates, unless a question says otherwise. What reads the
    log may wait for it, and does so among `log_calls`, where nothing else waits behind it.
    """

    def __init__(self, reader: Reader, log: Callable[[], Log], ends: SharedEnds, calls: Calls, log_calls: Calls, time_zone: str) -> None:
        self.reader = reader
        self.log = log
        self.ends = ends
        self.calls = calls
        self.log_calls = log_calls
        self.time_zone = time_zone
        self._standing = Standing(reader.read, calls)
        self._latest: tuple[Reading, Ends | None, Moment] | None = None
        self._recent: Recent[Answer] = Recent(_ROOM)
        self._questions: Recent[Question] = Recent(_ROOM_OF_QUESTIONS)

    async def answer(self, asked: Asked, form: Form, none_match: str | None = None) -> Answer:
        """One answer, unless `none_match` (the header `If-None-Match`) has its tag.

        While nothing moves it is made once. Raises what `ask` and the question raise, and `Busy`.
        """
        asked_at = monotonic()
        ends = await self.ends.get()
        question = self._questions.find(asked, None)
        if question is None:
            question = self._checked(asked)
            now, found = await self._calls(question).make(lambda: self._first(question, form, ends, none_match, asked_at), asked.account)
        else:
            reading = await self._standing.get(asked.account)
            now = self._moment(reading, ends)
            known = self._recent.find((asked, form), now)
            if known is not None:
                return known._replace(body=None) if matches(none_match, known.tag) else known
            found = await self._calls(question).make(lambda: self._write(question, form, reading, ends, none_match), asked.account)
        if found.body is not None:
            self._recent.keep((asked, form), now, found, _QUESTION + len(found.body))
        return found

    async def each(self, asks: Sequence[Ask]) -> list[BaseModel | Exception]:
        """Answers to several questions, each as of one instant; or why there is none. Raises `Busy`."""
        ends = await self.ends.get()
        return [await self._one(ask, lambda question: self._answer(question, ends)) for ask in asks]

    async def each_written(self, asks: Sequence[Ask], most: int) -> list[bytes | Exception]:
        """The same as JSON, of `most` bytes in all: `TooMuch` for what is beyond. Raises `Busy`."""
        ends = await self.ends.get()
        room = most

        def fitting(question: Question) -> bytes:
            nonlocal room
            made = write(question, self._answer(question, ends), Form.JSON)
            if len(made) > room:
                raise TooMuch
            room -= len(made)
            return made

        return [await self._one(ask, fitting) for ask in asks]

    async def _one(self, ask: Ask, make: Callable[[Question], T]) -> T | Exception:
        """What is made of the question beside the event loop, or why nothing is. Raises `Busy`."""
        try:
            question = ask()
            return await self._calls(question).make(lambda: make(question), question.query.account)
        except Busy:
            raise
        except Exception as error:  # noqa: BLE001  it is told beside the answers to the others
            return error

    async def together(self, asks: Sequence[Ask]) -> list[BaseModel]:
        """Answers to several questions as of one instant; of moments close together where commits follow too fast for that.

        Raises what the first wrong one raises, and `Busy`.
        """
        ends = await self.ends.get()
        questions = [ask() for ask in asks]

        def answer() -> list[BaseModel]:
            made: list[BaseModel] = []
            for _ in range(_TRIES):
                made = [self._answer(question, ends) for question in questions]
                if len({_moment(one) for one in made}) <= 1:
                    break
            return made

        return await self._calls(*questions).make(answer, questions[0].query.account if questions else "")

    async def standing(self, account: str) -> Versions:
        """Up to where the tables of an account contain everything: whatever is asked from now on is told up to there at least.

        Raises `StoreError`, `Busy`.
        """
        return Versions.of(await self._standing.get(account))

    async def headlines(self, account: str, sequences: Collection[str] | None) -> Headlines:
        """The headlines of some sequences, or of all, as of one instant. Raises `StoreError`, `Busy`."""
        ends = await self.ends.get()
        return await self.calls.make(lambda: headlines(self.reader, account, sequences, ends), account)

    def _moment(self, reading: Reading, ends: Ends | None) -> Moment:
        """Worked out once for all who share the reading."""
        if self._latest is None or self._latest[0] is not reading or self._latest[1] is not ends:
            self._latest = reading, ends, moment(reading, ends)
        return self._latest[2]

    def _calls(self, *questions: Question) -> Calls:
        """Among which they are answered together."""
        return self.log_calls if any(question.report.reads_log for question in questions) else self.calls

    def _checked(self, asked: Asked) -> Question:
        """The question, before anything is read for it."""
        question = ask(
            asked.report,
            account=asked.account,
            subject=asked.subject,
            parameters=dict(asked.given),
            default_time_zone=self.time_zone,
        )
        self._questions.keep(asked, None, question, _QUESTION + sum(len(value) for _, values in asked.given for value in values))
        return question

    def _first(self, question: Question, form: Form, ends: Ends | None, none_match: str | None, asked_at: float) -> tuple[Moment, Answer]:
        """All there is to do for a question that was not asked before, in one call."""
        reading = self._standing.since(question.query.account, asked_at)
        return moment(reading, ends), self._write(question, form, reading, ends, none_match)

    def _write(self, question: Question, form: Form, reading: Reading, ends: Ends | None, none_match: str | None) -> Answer:
        tag = etag(question, form, reading, ends)
        if names(none_match, tag):
            return Answer(tag, None)
        made = self._answer(question, ends, self.reader.standing_at(reading))
        body = None if matches(none_match, tag) else write(question, made, form)  # for "*" an answer has to be there
        return Answer(tag, body, getattr(made, "next", None))

    def _answer(self, question: Question, ends: Ends | None, reader: Reader | None = None) -> BaseModel:
        log = self.log() if question.report.reads_log else None
        return question.answer(reader or self.reader, ends=ends, log=log)


def _moment(answer: Any) -> tuple[int, int, str | None]:
    """What an answer is as of: equal for two only if they contain the same commits."""
    return answer.as_of.generation, answer.as_of.applied, answer.as_of.time
