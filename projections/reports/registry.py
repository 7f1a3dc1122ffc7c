"""Every report: its name, what it is about, what it can be asked with. Command line and HTTP are made from this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel

from projections.reports.as_of import Ends
from projections.reports.errors import ParameterError
from projections.reports.filters import FILTERS, Filters
from projections.reports.parameters import BASIS, OPENS, TIME_ZONE, Given, Parameter, check_id, check_names, time_zone
from projections.reports.performance import Analyze, Performance, analyze, performance
from projections.reports.request import Request, Source
from projections.reports.sequences import ORDER, SORT, Sequences, sequences
from projections.reports.steps import Steps, steps
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class Report:
    """One report."""

    name: str
    description: str
    """One line."""
    subject: str | None
    """What kind of thing has to be named by its id; None for a report about the whole account."""
    parameters: tuple[Parameter, ...]
    result: type[BaseModel]
    function: Callable[[Request], BaseModel]


_COMMON: Final = (*FILTERS, OPENS, TIME_ZONE)

REPORTS: Final[Mapping[str, Report]] = {
    one.name: one
    for one in (
        Report("performance", "The rates and numbers of one sequence.", "sequence", (*_COMMON, BASIS), Performance, performance),
        Report("analyze", "The rates and numbers of all sequences together.", None, (*_COMMON, BASIS), Analyze, analyze),
        Report("sequences", "All sequences, one line each.", None, (*_COMMON, BASIS, SORT, ORDER), Sequences, sequences),
        Report("steps", "The steps of one sequence: who stands where, and how each step does.", "sequence", _COMMON, Steps, steps),
    )
}


def report(
    name: str,
    reader: Reader,
    *,
    account: str,
    subject: str | None = None,
    parameters: Given | None = None,
    ends: Ends | None = None,
    default_time_zone: str = "UTC",
    source: Source = "auto",
) -> BaseModel:
    """One report as of now. `ends` are the log's, for `as_of.lag`; dates are in `default_time_zone` unless a parameter says otherwise.

    Raises `ParameterError`, before anything is read, for a question that cannot be answered (an unknown report is a wrong `report`);
    `NotFound` for a subject that no event has named; `StoreError`.
    """
    known = REPORTS.get(name)
    if known is None:
        raise ParameterError("report", f"{name!r} is no report; choose one of {', '.join(REPORTS)}")
    given = {parameter: values for parameter, values in (parameters or {}).items() if values}
    check_names(given, known.parameters)
    if known.subject is None and subject is not None:
        raise ParameterError("subject", f"the report {name} is about the whole account and takes no id")
    if known.subject is not None:
        if subject is None:
            raise ParameterError(f"{known.subject}_id", f"the report {name} needs the id of a {known.subject}")
        check_id(f"{known.subject}_id", subject)
    request = Request(
        reader=reader,
        account=account,
        subject=subject or "",
        given=given,
        filters=Filters.read(given),
        time_zone=time_zone(given, default_time_zone),
        ends=ends,
        source=source,
    )
    return known.function(request)
