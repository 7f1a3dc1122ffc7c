"""`tally report`: the numbers, as tables for people, as JSON, or as CSV."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.console import stdout
from cli.failure import WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from projections.reports.as_of import Ends

Several = list[str] | None
_USUAL_PARTITIONS: Final = 4


class Format(StrEnum):
    """What a report is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="performance, analyze, sequences or steps.")],
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help="The id of the sequence that performance and steps are about.")
    ] = None,
    sequence: Annotated[Several, typer.Option(metavar="ID", help="Enrollments in this sequence.")] = None,
    company: Annotated[Several, typer.Option(metavar="ID", help="Enrollments of contacts of this company, as of their start.")] = None,
    enrolled_by: Annotated[Several, typer.Option(metavar="ID", help="Enrollments by this user.")] = None,
    team: Annotated[Several, typer.Option(metavar="ID", help="Enrollments by this team.")] = None,
    variant: Annotated[Several, typer.Option(metavar="ID", help="Enrollments in this variant.")] = None,
    status: Annotated[Several, typer.Option(metavar="STATUS", help="Enrollments in this status, or such as unenrolled:replied.")] = None,
    step: Annotated[Several, typer.Option(metavar="ID", help="Enrollments whose current step is this one.")] = None,
    enrolled_from: Annotated[str | None, typer.Option(metavar="DATE", help="Enrollments started on this day or later.")] = None,
    enrolled_to: Annotated[str | None, typer.Option(metavar="DATE", help="Enrollments started on this day or earlier.")] = None,
    time_zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Time zone of dates, for this report alone.")] = None,
    basis: Annotated[str | None, typer.Option(help="What rates count: contacts (default), enrollments or messages.")] = None,
    opens: Annotated[str | None, typer.Option(help="Whose opens and clicks count: human (default) or all.")] = None,
    sort: Annotated[str | None, typer.Option(metavar="COLUMN", help="Column to sort sequences by.")] = None,
    order: Annotated[str | None, typer.Option(help="asc or desc (default).")] = None,
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.TABLE,  # noqa: A002 (the name of the option)
) -> None:
    """Print a report.

    [bold]performance[/bold] SEQUENCE_ID  the rates and numbers of one sequence
    [bold]analyze[/bold]                  the same of all sequences together
    [bold]sequences[/bold]                all sequences, one line each
    [bold]steps[/bold] SEQUENCE_ID        the steps of one sequence: who stands where, and how each does

    Filters are repeatable (any of the values) and combine (all of the filters). Dates are those of the start, both ends included.

    [bold]Examples[/bold]

      tally report analyze

      tally report performance spring-outreach --team team-north --team team-south

      tally report sequences --enrolled-from 2026-01-01 --sort contacts --format csv

      tally report steps spring-outreach --status active --format json
    """
    options: dict[str, Several | str] = {
        "sequence": sequence,
        "company": company,
        "enrolled_by": enrolled_by,
        "team": team,
        "variant": variant,
        "status": status,
        "step": step,
        "enrolled_from": enrolled_from,
        "enrolled_to": enrolled_to,
        "time_zone": time_zone,
        "basis": basis,
        "opens": opens,
        "sort": sort,
        "order": order,
    }
    given = {option: [value] if isinstance(value, str) else value for option, value in options.items() if value is not None}
    _print(context, name, subject, given, format)


def _print(context: typer.Context, name: str, subject: str | None, parameters: dict[str, list[str]], form: Format) -> None:
    from cli.rooms import open_reader
    from projections.reports import ParameterError
    from projections.reports import report as answer
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    ends, partitions = _extent(context)
    with open_reader(settings, partitions) as reader:
        try:
            found = answer(
                name,
                reader,
                account=settings.account,
                subject=subject,
                parameters=parameters,
                ends=ends,
                default_time_zone=settings.timezone,
            )
        except ParameterError as error:
            raise WrongCall(f"{_spelled(error.parameter, parameters)}: {error.message}") from error
    if form is Format.JSON:
        print(found.model_dump_json(indent=2))
    elif form is Format.CSV:
        from cli.csv_form import write_csv

        write_csv(found, sys.stdout)
    else:
        from cli.tables import draw

        zone = parameters.get("time_zone", [settings.timezone])[0]
        stdout().print(draw(name, found.model_dump(), zone))


def _extent(context: typer.Context) -> "tuple[Ends | None, int]":
    """The ends of the log and its partitions. Numbers can be read while the log is away; only the lag is unknown then."""
    from cli.rooms import open_log_for_reading
    from cli.standing import partitions_of
    from events.log.port import LogUnavailable
    from events.topics import SOURCE_TOPICS

    try:
        with open_log_for_reading(context) as log:
            return log.ends(SOURCE_TOPICS), partitions_of(log)
    except LogUnavailable as error:
        print(f"tally: the lag is unknown: {error}", file=sys.stderr)
        return None, _USUAL_PARTITIONS


def _spelled(parameter: str, options: dict[str, list[str]]) -> str:
    """A parameter of a report as the command line has it."""
    if parameter in options:
        return f"--{parameter.replace('_', '-')}"
    return {"report": "NAME", "time_zone": "TALLY_TIMEZONE"}.get(parameter, "SUBJECT")
