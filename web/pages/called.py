"""What people call what events know by an id: a sequence by its definition, a company by the profiles of its contacts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from projections.reports import ask
from projections.reports.custom import Custom
from projections.reports.enrollment_row import EnrollmentRow
from projections.reports.enrollments import Enrollments
from projections.reports.page import LARGEST
from projections.reports.sequences import Sequences
from web.answers import Answers, Ask

Names = Mapping[str, str]
"""Id -> what people call it."""
NO_NAMES: Final[Names] = {}
Words = Mapping[str, Names]
"""Filter, or dimension of the report `custom` -> what some of its values are called."""
NO_WORDS: Final[Words] = {}
_NAMED: Final = ("sequence", "company")


async def words_of(answers: Answers, account: str, found: Custom) -> Words:
    """What the sequences and companies are called that a report `custom` tells of. Raises `StoreError`, `Busy`."""
    told = {name: list(dict.fromkeys(value for row in found.rows if (value := row.by.get(name)) is not None)) for name in _NAMED}
    asks = {name: asked for name, ids in told.items() if (asked := asks_for(name, account, ids)) is not None}
    made: list[Any] = await answers.together(list(asks.values())) if asks else []
    return {name: names(answer) for name, answer in zip(asks, made, strict=True)}


def asks_for(field: str, account: str, ids: Sequence[str]) -> Ask | None:
    """The question whose answer says what these sequences or companies are called; None where there is nothing to ask."""
    if not ids:
        return None
    if field == "sequence":
        return partial(ask, "sequences", account=account)
    if field == "company":
        return partial(ask, "enrollments", account=account, parameters={"company": list(ids), "limit": [str(LARGEST)]})
    return None


def names(answer: Sequences | Enrollments) -> dict[str, str]:
    """What the answer to such a question says. Companies of which the newest enrollments have nobody are missing."""
    if isinstance(answer, Sequences):
        return {line.sequence_id: line.name for line in answer.sequences if line.name}
    of_company: dict[str, list[EnrollmentRow]] = {}
    for row in answer.enrollments:
        if row.company_id is not None:
            of_company.setdefault(row.company_id, []).append(row)
    return {company: name for company, own in of_company.items() if (name := company_name(own)) is not None}


def company_name(rows: Iterable[EnrollmentRow]) -> str | None:
    """What most of its contacts call their company: a profile knows only the company of now, and some have gone elsewhere."""
    named = Counter({row.contact_id: row.company_name for row in rows}.values())
    del named[None]
    return min(named, key=lambda one: (-named[one], one), default=None)
