"""What a report is answered as: JSON, or its records as lines of CSV or of JSON."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from typing import BinaryIO, Final

from pydantic import BaseModel

from projections.export.csv import write_csv
from projections.export.ndjson import write_ndjson
from projections.reports import Parameter, Question
from projections.reports.parameters import Given, choice
from web.problems import Problem


class Form(StrEnum):
    """The value is that of the parameter `format`."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {Form.JSON: "application/json", Form.CSV: "text/csv", Form.NDJSON: "application/x-ndjson"}
_WRITERS: Final[dict[Form, Callable[[Question, Iterable[BaseModel], BinaryIO], None]]] = {Form.CSV: write_csv, Form.NDJSON: write_ndjson}

FORMAT: Final = Parameter(
    "format", "What the answer is written as; without it the header Accept decides.", choices=tuple(Form), default=Form.JSON
)


def chosen(given: Given, accept: str | None) -> Form:
    """The form that the parameter names, else the one that the header `Accept` likes best. Raises `ParameterError`, `Problem`."""
    if FORMAT.name in given:
        return Form(choice(given, FORMAT))
    best = _best(accept or "*/*")
    if best is None:
        told = ", ".join(form.media_type for form in Form)
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", f"the header Accept allows none of {told}")
    return best


@lru_cache(maxsize=128)
def _best(accept: str) -> Form | None:
    liking = {form: _liking(accept, form.media_type) for form in Form}
    best = max(Form, key=lambda form: liking[form])  # of equals the first
    return best if liking[best] else None


def _liking(accept: str, media_type: str) -> float:
    """How much a header likes a media type, by the most specific range that it falls into; 0: not at all."""
    ranges = {media_type: 2, f"{media_type.partition('/')[0]}/*": 1, "*/*": 0}
    found = (-1, 0.0)
    for entry in accept.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        if name in ranges:
            try:
                found = max(found, (ranges[name], float(weight)))
            except ValueError:
                continue
    return found[1]


def write(question: Question, answer: BaseModel, form: Form) -> bytes:
    """An answer as it is sent."""
    if form is Form.JSON:
        return answer.model_dump_json(by_alias=True).encode()
    sink = BytesIO()
    _WRITERS[form](question, [answer], sink)
    return sink.getvalue()
