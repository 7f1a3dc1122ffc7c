"""ETags: which question is answered, and as of which versions of the tables. Who has the answer already need not have it again."""

from importlib.metadata import version
from typing import Final

from xxhash import xxh3_128_hexdigest

from projections.reports import Question
from projections.reports.as_of import Ends, lag
from projections.tables.reading import Reading
from web.form import Form

_PROGRAM: Final = version("tally")

Moment = tuple[int, int | None, tuple[tuple[int, int | None], ...]]


def etag(question: Question, form: Form, reading: Reading, ends: Ends | None) -> str:
    """The tag of what is answered as of a reading.

    It is weak: numbers may have moved on between the reading and the answer. Then the tag is that of the moment before, and no later
    question finds it again. The lag is a part of it: it is told with the numbers, and moves when they stand still.
    """
    asked = question.query
    named = (_PROGRAM, asked.report, asked.account, asked.subject, sorted(asked.given.items()), asked.time_zone, form.value)
    return f'W/"{xxh3_128_hexdigest(ascii((named, moment(reading, ends))).encode())}"'


def moment(reading: Reading, ends: Ends | None) -> Moment:
    """All that an answer may depend on beside its question: equal for two readings only if nothing has moved between them."""
    versions = tuple((one.version, one.committed_at) for one in reading.progress)
    return reading.generation, lag(reading, ends), versions


def matches(header: str | None, tag: str) -> bool:
    """Whether whoever sent this `If-None-Match` wants nothing that has the tag."""
    return names(header, tag) or "*" in _named(header)


def names(header: str | None, tag: str) -> bool:
    """Whether `If-None-Match` names the tag, so that its sender has what has it."""
    return tag.removeprefix("W/") in (name.removeprefix("W/") for name in _named(header))


def _named(header: str | None) -> list[str]:
    return [name.strip() for name in (header or "").split(",")]
