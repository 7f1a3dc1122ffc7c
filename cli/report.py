"""`tally report`: the numbers, as tables for people, or as files for programs and spreadsheets."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.export.form import Form, writer
from cli.failure import WrongCall
from cli.report_options import chosen
from cli.settings import load

if TYPE_CHECKING:
    from cli.pages import Pages
    from events.log.port import Log
    from projections.reports import Question
    from projections.reports.as_of import Ends
    from projections.settings import RedisSettings

_USUAL_PARTITIONS: Final = 4
_ARGUMENTS: Final = {"report": "NAME", **dict.fromkeys(("subject", "sequence_id", "contact_id"), "SUBJECT")}
"""What is wrong with a question and was not given as an option."""


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of the reports below.")],
    subject: Annotated[str | None, typer.Argument(metavar="SUBJECT", help="The id of what the report is about.")] = None,
    format: Annotated[Form, typer.Option(metavar="FORM", help="table, json, or the records as csv, ndjson or parquet.")] = Form.TABLE,  # noqa: A002 (the name of the option)
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write to a file, which is there whole or not at all.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Every page of enrollments or contacts, not one only.")] = False,  # noqa: A002 (likewise)
) -> None:
    """Print a report, or export it.

    Filters are repeatable (any of the values) and combine (all of the filters). Dates are those of the start, both ends included.

    [bold]Examples[/bold]

      tally report analyze

      tally report performance spring-outreach --team team-north --team team-south

      tally report sequences --enrolled-from 2026-01-01 --sort contacts --format csv

      tally report custom --measure reply_rate,meeting_rate,started --by company,month

      tally report enrollments --status unenrolled:replied --all --format parquet --output replied.parquet
    """
    from cli.export.destination import destination
    from cli.pages import Pages
    from cli.rooms import open_reader
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    question = _ask(name, subject, chosen(context), settings)
    write = writer(question, format, output, every=all)
    pages = Pages(question, every=all)
    with destination(output) as sink, _log(context, question) as (log, partitions, ends), open_reader(settings, partitions) as reader:
        write(question, pages.read(reader, ends, log), sink)
    _say_what_is_left(pages, format)


def _ask(name: str, subject: str | None, parameters: dict[str, list[str]], settings: "RedisSettings") -> "Question":
    """The question of this call; nothing is read. Raises `WrongCall`."""
    from projections.reports import ParameterError, ask

    try:
        return ask(name, account=settings.account, subject=subject, parameters=parameters, default_time_zone=settings.timezone)
    except ParameterError as error:
        option = f"--{error.parameter.replace('_', '-')}"
        raise WrongCall(f"{_ARGUMENTS.get(error.parameter, option)}: {error.message}") from error


@contextmanager
def _log(context: typer.Context, question: "Question") -> "Iterator[tuple[Log | None, int, Ends | None]]":
    """(the log, its partitions, its ends). Numbers can be read while the log is away, only the lag is unknown then; events cannot."""
    from cli.rooms import open_log_for_reading
    from events.log.port import LogUnavailable
    from events.topics import SOURCE_TOPICS
    from projections.overview import partitions_of

    with ExitStack() as stack:
        log, partitions, ends = None, _USUAL_PARTITIONS, None
        try:
            log = stack.enter_context(open_log_for_reading(context))
            partitions, ends = partitions_of(log), log.ends(SOURCE_TOPICS)
        except LogUnavailable as error:
            if question.report.subject == "contact":
                raise
            print(f"tally: the lag is unknown: {error}", file=sys.stderr)
        yield log, partitions, ends


def _say_what_is_left(pages: "Pages", form: Form) -> None:
    """On standard error, where it is in nobody's data. JSON says it itself."""
    last = pages.last
    if pages.every or form is Form.JSON:
        return
    if getattr(last, "next", None) is not None:
        more = (
            f"the next page: --cursor {last.next}"
            if form is Form.TABLE
            else f"{pages.shown:,} of {last.total:,} rows; --all writes every one"
        )
        print(f"tally: {more}", file=sys.stderr)
    elif getattr(last, "groups", 0) > pages.shown:
        print(f"tally: {pages.shown:,} of {last.groups:,} rows; --limit takes more", file=sys.stderr)
