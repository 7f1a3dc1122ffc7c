"""A small company in memory, and a question to each of the reports about it."""

from functools import cache

from pydantic import BaseModel

from cli.demo.company import Company
from projections.reports import REPORTS, Question, ask
from projections.tables.reader import Reader
from tests.folding import folded, log_of
from tests.unit.streams.memory_log import MemoryLog

SUBJECTS = {"sequence": "spring-outreach", "contact": "c-000012"}
OWN = {"custom": {"measure": ["reply_rate,started"], "by": ["user,week"]}}
"""What a report cannot be asked without."""
_EVENTS = list(Company(5, 150, until=1_790_000_000_000).history())


@cache
def tables() -> Reader:
    return Reader(folded(_EVENTS))


@cache
def log() -> MemoryLog:
    made = MemoryLog()
    made.records.update(log_of(_EVENTS))
    return made


def question(name: str, **parameters: list[str]) -> Question:
    subject = REPORTS[name].subject
    return ask(
        name, account="default", subject=None if subject is None else SUBJECTS[subject], parameters={**OWN.get(name, {}), **parameters}
    )


def answer(asked: Question) -> BaseModel:
    return asked.answer(tables(), log=log())
