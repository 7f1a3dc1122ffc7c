"""Every report: its name, what it is about, what it can be asked with. Command line and HTTP are made from this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from events.log.port import Log
from projections.reports import (
    cohorts,
    contact,
    contacts,
    custom,
    engagement,
    enrollments,
    funnel,
    machine_opens,
    performance,
    sentiment,
    sequences,
    steps,
    times,
    users,
    variants,
)
from projections.reports.as_of import Ends
from projections.reports.cell import CELL
from projections.reports.cursor import CURSOR
from projections.reports.errors import ParameterError
from projections.reports.filters import FILTERS, LISTED_STATUS, STATUS, Filters
from projections.reports.page import LIMIT
from projections.reports.parameters import (
    BASIS,
    OPENS,
    ORDER,
    TIME_ZONE,
    WEEK_START,
    Given,
    Parameter,
    check_choices,
    check_id,
    check_names,
    time_zone,
)
from projections.reports.request import Query, Request, Source
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
    read: Callable[[Query], Any]
    """Reads the parameters that are the report's own, before anything else is read. Raises `ParameterError`."""
    answer: Callable[[Request, Any], BaseModel]
    """Answers with what `read` has read. Raises `NotFound`, `StoreError`."""

    @property
    def reads_log(self) -> bool:
        """Whether it shows events, which the log has."""
        return self.subject == "contact"


_COMMON: Final = (*FILTERS, OPENS, TIME_ZONE)
_LISTED: Final = tuple(LISTED_STATUS if one is STATUS else one for one in FILTERS)

REPORTS: Final[Mapping[str, Report]] = {
    one.name: one
    for one in (
        Report(
            "performance",
            "The rates and numbers of one sequence.",
            "sequence",
            (*_COMMON, BASIS),
            performance.Performance,
            performance.read,
            performance.performance,
        ),
        Report(
            "analyze",
            "The rates and numbers of all sequences together.",
            None,
            (*_COMMON, BASIS),
            performance.Analyze,
            performance.read,
            performance.analyze,
        ),
        Report(
            "sequences",
            "All sequences, one line each.",
            None,
            (*_COMMON, BASIS, sequences.SORT, ORDER),
            sequences.Sequences,
            sequences.read,
            sequences.sequences,
        ),
        Report(
            "steps",
            "The steps of one sequence: who stands where, and how each step does.",
            "sequence",
            _COMMON,
            steps.Steps,
            steps.read,
            steps.steps,
        ),
        Report(
            "enrollments",
            "Enrollments one by one, the newest start first.",
            None,
            (*_LISTED, CELL, OPENS, TIME_ZONE, LIMIT, CURSOR),
            enrollments.Enrollments,
            enrollments.read,
            enrollments.enrollments,
        ),
        Report(
            "contacts",
            "Enrollments with a human open or click, the most engaged first.",
            None,
            (*_COMMON, LIMIT, CURSOR),
            contacts.Contacts,
            contacts.read,
            contacts.contacts,
        ),
        Report(
            "contact",
            "One person: the enrollments, and all events with what each of them did.",
            "contact",
            (*_LISTED, OPENS, TIME_ZONE),
            contact.Contact,
            contact.read,
            contact.contact,
        ),
        Report(
            "funnel",
            "How far contacts come in one sequence, and where they are lost.",
            "sequence",
            _COMMON,
            funnel.Funnel,
            funnel.read,
            funnel.funnel,
        ),
        Report(
            "monthly",
            "What became of those who started in each month.",
            None,
            _COMMON,
            cohorts.Monthly,
            cohorts.read_monthly,
            cohorts.monthly,
        ),
        Report(
            "trend",
            "What became of those who started in each day, week or month.",
            None,
            (*_COMMON, cohorts.INTERVAL, WEEK_START),
            cohorts.Trend,
            cohorts.read_trend,
            cohorts.trend,
        ),
        Report(
            "engagement",
            "How many contacts of each sequence did what.",
            None,
            _COMMON,
            engagement.Engagement,
            engagement.read,
            engagement.engagement,
        ),
        Report(
            "times",
            "How long it takes from a send or a start to an answer.",
            None,
            (*_COMMON, times.WAY),
            times.TimesToAnswer,
            times.read,
            times.times,
        ),
        Report(
            "variants",
            "Variants side by side, and what may be concluded.",
            None,
            (*_COMMON, variants.BASELINE),
            variants.Variants,
            variants.read,
            variants.variants,
        ),
        Report(
            "opens",
            "The open rate beside the one without machines.",
            None,
            (*_COMMON, BASIS),
            machine_opens.MachineOpens,
            performance.read,
            machine_opens.machine_opens,
        ),
        Report(
            "sentiment",
            "What kind of replies came.",
            None,
            _COMMON,
            sentiment.Sentiment,
            sentiment.read,
            sentiment.sentiment,
        ),
        Report(
            "leaderboard",
            "What came of the enrollments by each user.",
            None,
            (*_COMMON, users.SORT, ORDER),
            users.Leaderboard,
            users.read_leaderboard,
            users.leaderboard,
        ),
        Report(
            "senders",
            "The score of each user: replies and bounces of what has ended.",
            None,
            _COMMON,
            users.Senders,
            users.read_senders,
            users.senders,
        ),
        Report(
            "custom",
            "Any measures by up to three dimensions.",
            None,
            (*_COMMON, BASIS, custom.MEASURE, custom.BY, WEEK_START, custom.SORT, ORDER, custom.LIMIT),
            custom.Custom,
            custom.read,
            custom.custom,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Question:
    """A report with parameters that have been found right."""

    report: Report
    query: Query
    options: Any
    """What the report's own `read` made of its parameters."""

    def answer(self, reader: Reader, *, ends: Ends | None = None, log: Log | None = None, source: Source = "auto") -> BaseModel:
        """The report as of now, an instance of `report.result`.

        `ends` are those of the log, for `as_of.lag`; `log` is for the events of a contact. Raises `NotFound` for a subject that no event
        has named; `StoreError`; `LogError` where events are shown.
        """
        asked = self.query
        request = Request(
            report=asked.report,
            account=asked.account,
            subject=asked.subject,
            given=asked.given,
            filters=asked.filters,
            time_zone=asked.time_zone,
            reader=reader,
            ends=ends,
            log=log,
            source=source,
        )
        return self.report.answer(request, self.options)


def ask(
    name: str, *, account: str, subject: str | None = None, parameters: Given | None = None, default_time_zone: str = "UTC"
) -> Question:
    """The question, with everything about it checked; nothing is read. Dates are in `default_time_zone` unless a parameter says otherwise.

    Raises `ParameterError` for a question that cannot be answered (an unknown report is a wrong `report`).
    """
    known = REPORTS.get(name)
    if known is None:
        raise ParameterError("report", f"{name!r} is no report; choose one of {', '.join(REPORTS)}")
    given = {parameter: values for parameter, values in (parameters or {}).items() if values}
    check_names(given, known.parameters)
    check_choices(given, known.parameters)
    if known.subject is None and subject is not None:
        raise ParameterError("subject", f"the report {name} is about the whole account and takes no id")
    if known.subject is not None:
        if subject is None:
            raise ParameterError(f"{known.subject}_id", f"the report {name} needs the id of a {known.subject}")
        check_id(f"{known.subject}_id", subject)
    statuses = next((parameter.choices for parameter in known.parameters if parameter.name == STATUS.name), ())
    query = Query(name, account, subject or "", given, Filters.read(given, statuses), time_zone(given, default_time_zone))
    return Question(known, query, known.read(query))


def report(
    name: str,
    reader: Reader,
    *,
    account: str,
    subject: str | None = None,
    parameters: Given | None = None,
    ends: Ends | None = None,
    default_time_zone: str = "UTC",
    log: Log | None = None,
    source: Source = "auto",
) -> BaseModel:
    """`ask` and `answer` in one call."""
    question = ask(name, account=account, subject=subject, parameters=parameters, default_time_zone=default_time_zone)
    return question.answer(reader, ends=ends, log=log, source=source)
