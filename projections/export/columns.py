"""The columns of an export. They follow from the question alone, so an export of nothing has the columns of a full one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from projections.reports import Question
from projections.reports.filters import FILTERS
from projections.reports.measures import MEASURES
from projections.reports.rates import Fraction, Rate

_DATES: Final = ("start", "day", "week")
"""Texts of these names are dates."""


class Kind(Enum):
    """What the values of a column are. Any of them may be null."""

    TEXT = auto()
    WHOLE = auto()
    NUMBER = auto()
    TRUTH = auto()
    TIME = auto()
    """Text as the JSON has it, RFC 3339 in UTC."""
    DATE = auto()
    """Text as the JSON has it, YYYY-MM-DD."""
    NESTED = auto()
    """A list; a cell has it as JSON."""


_KINDS: Final = {bool: Kind.TRUTH, int: Kind.WHOLE, float: Kind.NUMBER, date: Kind.DATE}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where its values are in a record, and what they are."""

    path: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def value(self, record: Mapping[str, Any]) -> Any:
        """The cell of a record, which is as its JSON has it; None where something on the way is null."""
        found: Any = record
        for name in self.path:
            if found is None:
                return None
            found = found.get(name)
        if self.kind is Kind.NESTED and found is not None:
            return json.dumps(found, ensure_ascii=False)
        return found


def columns(question: Question) -> list[Column]:
    """The columns of the records that answer a question."""
    result = question.report.result
    listed = record_list(result)
    record = result if listed is None else _record(result.model_fields[listed].annotation)
    assert record is not None, "a list of records has records"
    return list(_of_model(record, (), question))


def record_list(result: type[BaseModel]) -> str | None:
    """The name of the list of a report: the last one that it has; None for a report that is one record."""
    return next((name for name, field in reversed(result.model_fields.items()) if _record(field.annotation) is not None), None)


def records(answer: BaseModel) -> list[BaseModel]:
    """The records of an answer: those of its list, else the answer itself."""
    listed = record_list(type(answer))
    return [answer] if listed is None else getattr(answer, listed)


def _record(annotation: Any) -> type[BaseModel] | None:
    """The model of the members, if it is a list of models."""
    (member,) = get_args(annotation) if get_origin(annotation) is list else (None,)
    return member if isinstance(member, type) and issubclass(member, BaseModel) else None


def _of_model(model: type[BaseModel], path: tuple[str, ...], question: Question) -> Iterator[Column]:
    for name, field in model.model_fields.items():
        yield from _of_value(field.annotation, (*path, field.serialization_alias or name), question)


def _of_value(annotation: Any, path: tuple[str, ...], question: Question) -> Iterator[Column]:
    if get_origin(annotation) in (Union, UnionType):
        (annotation, *others) = (part for part in get_args(annotation) if part is not NoneType)
        assert not others, f"{'.'.join(path)} is of one kind or null"
    if get_origin(annotation) is dict:
        for key, of_key in _members(path[-1], question).items():
            yield from _of_value(of_key, (*path, key), question)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _of_model(annotation, path, question)
    else:
        yield Column(path, _kind(annotation, path[-1]))


def _members(name: str, question: Question) -> dict[str, Any]:
    """What the mapping of that name has in the answers to a question: key -> type."""
    match name:
        case "filters":
            return {parameter.name: list[str] if parameter.repeatable else date for parameter in FILTERS}
        case "by":
            return dict.fromkeys(question.options.by, str)
        case "values":
            asked = question.options
            made_of = {measure: MEASURES[measure].made_of(asked.basis, asked.opens) for measure in asked.measures}
            return {measure: Rate if isinstance(of, Fraction) else int for measure, of in made_of.items()}
        case _:
            raise TypeError(f"{name} is a mapping whose keys are not known before it is there")


def _kind(annotation: Any, name: str) -> Kind:
    if get_origin(annotation) is list:
        return Kind.NESTED
    if annotation is str or get_origin(annotation) is Literal:
        if name == "time" or name.endswith("_at"):
            return Kind.TIME
        return Kind.DATE if name in _DATES else Kind.TEXT
    return _KINDS[annotation]
