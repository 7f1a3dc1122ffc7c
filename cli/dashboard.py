"""`tally dashboard`: reports with their filters, saved under a name to be looked at again."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from cli.clock import now
from cli.console import local_time, printable, stdout
from cli.failure import Failure, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from events.catalog import EventData
    from events.log.port import Log
    from projections.dashboards import Dashboard
    from projections.saved_dashboards import SavedDashboard
    from projections.settings import RedisSettings
    from projections.tables.reading import Reading

app = typer.Typer(no_args_is_help=True, help="Save reports with their filters under a name, and look at them again.")

IdArgument = Annotated[str, typer.Argument(metavar="DASHBOARD_ID", help="The id of the dashboard.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]


@app.command("list")
def list_dashboards(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the dashboards of the account.

    [bold]Example[/bold]

      tally dashboard list
    """
    from cli.rooms import open_reader
    from projections.saved_dashboards import dashboard_list
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    with open_reader(settings) as reader:
        found = dashboard_list(reader, settings.account)
    if as_json:
        print(found.model_dump_json(indent=2))
    else:
        lines = ((one.dashboard_id, one.name, str(one.cards), local_time(one.saved_at, settings.timezone)) for one in found.dashboards)
        _print_table(f"dashboards of {found.account}", ("id", "name", "cards", "saved"), lines)


@app.command()
def show(
    context: typer.Context,
    dashboard_id: IdArgument,
    as_json: JsonOption = False,
    run: Annotated[bool, typer.Option("--run", help="Print the report of every card, as of now.")] = False,
) -> None:
    """Show what is on a dashboard. Its JSON can be saved again, under this id or another.

    [bold]Examples[/bold]

      tally dashboard show sales

      tally dashboard show sales --run
    """
    from cli.dashboard_input import write_card
    from cli.rooms import open_reader
    from projections.saved_dashboards import saved_dashboard
    from projections.settings import RedisSettings

    if run and as_json:
        raise WrongCall("--run: prints tables; leave --json out")
    settings = load(RedisSettings, context)
    with open_reader(settings) as reader:
        found = saved_dashboard(reader, settings.account, dashboard_id)
    if as_json:
        print(found.model_dump_json(indent=2, exclude_none=True))
    elif run:
        _run(context, settings, found)
    else:
        cards = ((str(place), card.report, write_card(card), card.title or "") for place, card in enumerate(found.cards, 1))
        _print_table(f"{found.name} ({found.dashboard_id})", ("card", "report", "parameters", "title"), cards)


@app.command()
def save(
    context: typer.Context,
    dashboard_id: IdArgument,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What people call it.")] = None,
    card: Annotated[list[str] | None, typer.Option(metavar="'REPORT NAME=VALUE ...'", help="A report and its parameters.")] = None,
    file: Annotated[str | None, typer.Option(metavar="FILE", help="JSON with name and cards; - is standard input.")] = None,
    add: Annotated[bool, typer.Option("--add", help="Keep what is there, and put the cards behind it.")] = False,
) -> None:
    """Save a dashboard: publish what it is from now on.

    A card is the name of a report and its parameters, which are those of `tally report` with underscores. What the report is about is one
    of them (sequence_id), and title is what people call the card. A parameter given several times has several values.

    [bold]Examples[/bold]

      tally dashboard save sales --name Sales --card "performance sequence_id=spring team=north team=south" --card analyze

      tally dashboard save sales --add --card "steps sequence_id=spring title='Spring, step by step'"

      tally dashboard save sales --file sales.json
    """
    from cli.dashboard_input import check_cards, check_dashboard_id, read_card, read_file
    from cli.rooms import open_reader
    from events.catalog import DashboardSaved
    from events.log.opening import open_log
    from events.settings import LogSettings
    from projections.dashboards import Dashboard
    from projections.overview import partitions_of
    from projections.saved_dashboards import DASHBOARDS, shown
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    check_dashboard_id(dashboard_id)
    if file is not None:
        if name is not None or card or add:
            raise WrongCall("--file: holds the whole dashboard; leave --name, --card and --add out")
        told = read_file(file, dashboard_id)
    elif name is None and not add:
        raise WrongCall("--name: is missing; give it, or the whole dashboard with --file")
    else:
        told = DashboardSaved(dashboard_id=dashboard_id, name=name or "", cards=[read_card(one) for one in card or ()])
    check_cards(told.cards, "--card" if file is None else "--file", settings.account)
    with open_log(load(LogSettings, context)) as log, open_reader(settings, partitions_of(log)) as reader:
        reading = reader.read(settings.account, DASHBOARDS)
        known = reading[DASHBOARDS].get(dashboard_id, Dashboard())
        if add:
            _refuse_behind(reading, log, settings.account)
            there = shown(dashboard_id, known)
            told = told.model_copy(update={"name": there.name if name is None else name, "cards": [*there.cards, *told.cards]})
        _publish(log, settings.account, told, known)
    print(f"saved {dashboard_id}, {len(told.cards)} cards; a worker makes it visible")


@app.command()
def delete(context: typer.Context, dashboard_id: IdArgument) -> None:
    """Delete a dashboard. It comes back if it is saved again.

    [bold]Example[/bold]

      tally dashboard delete sales
    """
    from cli.rooms import open_reader
    from events.catalog import DashboardDeleted
    from events.log.opening import open_log
    from events.settings import LogSettings
    from projections.dashboards import Dashboard
    from projections.overview import partitions_of
    from projections.saved_dashboards import DASHBOARDS, UnknownDashboard
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    with open_log(load(LogSettings, context)) as log, open_reader(settings, partitions_of(log)) as reader:
        known = reader.read(settings.account, DASHBOARDS)[DASHBOARDS].get(dashboard_id, Dashboard())
        if not known.is_there:
            raise UnknownDashboard(dashboard_id)
        _publish(log, settings.account, DashboardDeleted(dashboard_id=dashboard_id), known)
    print(f"deleted {dashboard_id}; a worker makes it disappear")


def _publish(log: "Log", account: str, data: "EventData", known: "Dashboard") -> None:
    from events.envelope import OWN_SOURCE
    from events.publisher import Publisher

    with Publisher(log) as publisher:
        publisher.publish(data, source=OWN_SOURCE, id=str(uuid4()), time=known.next_time(now()), account=account)


def _refuse_behind(reading: "Reading", log: "Log", account: str) -> None:
    """Who adds to what is there has to know what is there. Raises `Failure` while something of it has not been applied yet."""
    from projections.dashboard_changes import is_behind

    if is_behind(reading, log, account):
        raise Failure("what was saved before is not applied yet, and would be lost: run a worker (tally worker --drain) and add again")


def _run(context: typer.Context, settings: "RedisSettings", dashboard: "SavedDashboard") -> None:
    from cli.rooms import open_log_for_reading, open_reader
    from cli.tables import draw
    from events.topics import SOURCE_TOPICS
    from projections.cards import question
    from projections.reports import NotFound, ParameterError

    console = stdout()
    with open_log_for_reading(context) as log, open_reader(settings) as reader:
        for place, card in enumerate(dashboard.cards, 1):
            console.print(printable(f"{place}. {card.title or card.report}"), style="bold")
            try:
                asked = question(card, account=settings.account, default_time_zone=settings.timezone)
                answer = asked.answer(reader, ends=log.ends(SOURCE_TOPICS), log=log)
            except (NotFound, ParameterError) as error:  # one card that cannot be answered does not hide the others
                console.print(f"{error}\n")
            else:
                console.print(draw(card.report, answer.model_dump(by_alias=True), asked.query.time_zone))


def _print_table(title: str, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=printable(title), title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*map(printable, line))
    stdout().print(table)
