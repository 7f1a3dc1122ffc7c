"""`tally explain`: the contacts and events behind a number, and the story of one enrollment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import progress, stdout
from cli.failure import Failure, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from events.log.port import Log
    from projections.explain.explanation import Explanation
    from projections.explain.finding import Found
    from projections.explain.story import StoryStep
    from projections.reports.as_of import Ends
    from projections.settings import RedisSettings
    from projections.tables.reader import Reader
    from projections.tables.reading import Reading

app = typer.Typer(no_args_is_help=True, help="Show what is behind a number, down to the records of the log.")

Ids = list[str] | None
MetricOption = Annotated[str, typer.Option(metavar="RATE", help="open, click, reply, reply_to_sequence, meeting, no_response ...")]
SequenceOption = Annotated[Ids, typer.Option(metavar="ID", help="The sequence (performance), or enrollments in it (analyze).")]
CompanyOption = Annotated[Ids, typer.Option(metavar="ID", help="Enrollments of contacts of this company, as of their start.")]
UserOption = Annotated[Ids, typer.Option(metavar="ID", help="Enrollments by this user.")]
TeamOption = Annotated[Ids, typer.Option(metavar="ID", help="Enrollments by this team.")]
VariantOption = Annotated[Ids, typer.Option(metavar="ID", help="Enrollments in this variant.")]
StatusOption = Annotated[Ids, typer.Option(metavar="STATUS", help="Enrollments in this status, or unenrolled for this reason.")]
StepOption = Annotated[Ids, typer.Option(metavar="ID", help="Enrollments whose current step is this one.")]
FromOption = Annotated[str | None, typer.Option(metavar="DATE", help="Enrollments started on this day or later.")]
ToOption = Annotated[str | None, typer.Option(metavar="DATE", help="Enrollments started on this day or earlier.")]
BasisOption = Annotated[str | None, typer.Option(metavar="BASIS", help="What the rate counts: contacts, enrollments or messages.")]
OpensOption = Annotated[str | None, typer.Option(metavar="OPENS", help="human, or all: opens and clicks of machines count as well.")]
ZoneOption = Annotated[str | None, typer.Option(metavar="ZONE", help="The time zone of dates, for this call alone.")]
LimitOption = Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Show so many contacts.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]


@app.command()
def performance(
    context: typer.Context,
    metric: MetricOption,
    sequence: SequenceOption = None,
    company: CompanyOption = None,
    enrolled_by: UserOption = None,
    team: TeamOption = None,
    variant: VariantOption = None,
    status: StatusOption = None,
    step: StepOption = None,
    enrolled_from: FromOption = None,
    enrolled_to: ToOption = None,
    basis: BasisOption = None,
    opens: OpensOption = None,
    time_zone: ZoneOption = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Show who is behind a rate of one sequence, who counts in it, and because of which events.

    [bold]Example[/bold]

      tally explain performance --sequence spring-outreach --metric reply --team team-north
    """
    if not sequence or len(sequence) > 1:
        raise WrongCall(f"--sequence: names the one sequence that the rate is of; give it once, not {len(sequence or ())} times")
    given = {"company": company, "enrolled_by": enrolled_by, "team": team, "variant": variant, "status": status, "step": step}
    once = {"enrolled_from": enrolled_from, "enrolled_to": enrolled_to, "basis": basis, "opens": opens, "time_zone": time_zone}
    _explain(context, metric, sequence[0], _parameters(given, once), limit, as_json=as_json)


@app.command()
def analyze(
    context: typer.Context,
    metric: MetricOption,
    sequence: SequenceOption = None,
    company: CompanyOption = None,
    enrolled_by: UserOption = None,
    team: TeamOption = None,
    variant: VariantOption = None,
    status: StatusOption = None,
    step: StepOption = None,
    enrolled_from: FromOption = None,
    enrolled_to: ToOption = None,
    basis: BasisOption = None,
    opens: OpensOption = None,
    time_zone: ZoneOption = None,
    limit: LimitOption = 20,
    as_json: JsonOption = False,
) -> None:
    """Show who is behind a rate of all sequences together, who counts in it, and because of which events.

    [bold]Example[/bold]

      tally explain analyze --metric no_response --basis enrollments
    """
    given = {"sequence": sequence, "company": company, "enrolled_by": enrolled_by, "team": team, "variant": variant, "status": status}
    once = {"enrolled_from": enrolled_from, "enrolled_to": enrolled_to, "basis": basis, "opens": opens, "time_zone": time_zone}
    _explain(context, metric, None, _parameters({**given, "step": step}, once), limit, as_json=as_json)


@app.command()
def enrollment(
    context: typer.Context,
    enrollment_id: Annotated[str, typer.Argument(metavar="ENROLLMENT_ID", help="The id of the enrollment.")],
    contact: Annotated[str | None, typer.Option(metavar="ID", help="The contact, where several have an enrollment of this id.")] = None,
    sequence: Annotated[str | None, typer.Option(metavar="ID", help="The sequence, likewise.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the story of one enrollment: each event in order, what it changed, and why what changed nothing did not count.

    [bold]Example[/bold]

      tally explain enrollment e-1 --contact c-1
    """
    from cli.explain_view import draw_story, story_json
    from projections.explain.recorded import recorded_events
    from projections.explain.story import story
    from projections.reports.errors import NotFound
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    with _rooms(context, settings) as (log, reader, _):
        found, reading = _found(reader, settings.account, enrollment_id, contact, sequence)
        if not found:
            raise NotFound("enrollment", enrollment_id)
        one = found[0]
        if len(found) > 1:
            several = ", ".join(f"contact {each.contact_id!r} in sequence {each.sequence_id!r}" for each in found[:5])
            option = "--sequence" if all(each.contact_id == one.contact_id for each in found) else "--contact"
            raise Failure(
                f"{len(found)} enrollments have the id {enrollment_id!r}: {several}{', ...' * (len(found) > 5)}; name one by {option}"
            )
        ends = {one.partition: reading.progress[one.partition].offsets}
        with progress("Reading the log") as bar:
            contacts = {one.partition: (one.contact_id,)}
            recorded = recorded_events(log, settings.account, contacts, ends, lambda read, total: bar.update(read, total=total))
        steps: list[StoryStep] = story(recorded[one.contact_id], one.sequence_id, one.enrollment_id)
    if as_json:
        print(story_json(one, steps))
    else:
        stdout().print(draw_story(one, steps, settings.timezone))


def _parameters(given: dict[str, Ids], once: dict[str, str | None]) -> dict[str, list[str]]:
    values = {name: list(several) for name, several in given.items() if several}
    return values | {name: [value] for name, value in once.items() if value is not None}


def _explain(
    context: typer.Context, metric: str, sequence: str | None, parameters: dict[str, list[str]], limit: int, *, as_json: bool
) -> None:
    from cli.explain_view import draw_explanation
    from projections.explain.share import explain
    from projections.reports import ParameterError, ask
    from projections.reports.page import answered
    from projections.reports.rates import RATES
    from projections.reports.request import Request
    from projections.settings import RedisSettings

    if metric not in RATES:
        raise WrongCall(f"--metric: {metric!r} is not allowed; choose one of {', '.join(RATES)}")
    settings = load(RedisSettings, context)
    name = "analyze" if sequence is None else "performance"
    try:
        question = ask(name, account=settings.account, subject=sequence, parameters=parameters, default_time_zone=settings.timezone)
    except ParameterError as error:
        option = "sequence" if error.parameter == "sequence_id" else error.parameter.replace("_", "-")
        raise WrongCall(f"--{option}: {error.message}") from error
    asked = question.query
    with _rooms(context, settings) as (log, reader, ends), progress("Reading the log") as bar:
        request = Request(
            report=name,
            account=asked.account,
            subject=asked.subject,
            given=asked.given,
            filters=asked.filters,
            time_zone=asked.time_zone,
            reader=reader,
            ends=ends,
            log=log,
            source="auto",
        )
        advance: Callable[[int, int], None] = lambda read, total: bar.update(read, total=total)  # noqa: E731
        found: Explanation = answered(lambda: explain(request, question.options, metric, log, limit=limit, on_progress=advance))
    if as_json:
        print(found.model_dump_json(indent=2))
    else:
        stdout().print(draw_explanation(found, asked.time_zone))


@contextmanager
def _rooms(context: typer.Context, settings: "RedisSettings") -> "Iterator[tuple[Log, Reader, Ends]]":
    """(the log, a reader of the tables, the ends of the log as they were before the tables are read)."""
    from cli.rooms import open_reader
    from events.log.opening import open_log
    from events.settings import LogSettings
    from events.topics import SOURCE_TOPICS
    from projections.overview import partitions_of

    with open_log(load(LogSettings, context)) as log, open_reader(settings, partitions_of(log)) as reader:
        yield log, reader, log.ends(SOURCE_TOPICS)


def _found(reader: "Reader", account: str, enrollment_id: str, contact: str | None, sequence: str | None) -> "tuple[list[Found], Reading]":
    from projections.explain.finding import find_enrollments

    _check_id("ENROLLMENT_ID", enrollment_id)
    for option, given in (("--contact", contact), ("--sequence", sequence)):
        if given is not None:
            _check_id(option, given)
    with progress("Looking through the contacts") as bar:
        advance: Any = lambda read, total: bar.update(read, total=total)  # noqa: E731
        return find_enrollments(reader, account, enrollment_id, contact_id=contact, sequence_id=sequence, on_progress=advance)


def _check_id(name: str, value: str) -> None:
    from projections.reports import ParameterError
    from projections.reports.parameters import check_id

    try:
        check_id(name, value)
    except ParameterError as error:
        raise WrongCall(str(error)) from error
