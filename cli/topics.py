"""`tally topics`: make the topics of the log, and check that they are as they have to be."""

from typing import Annotated

import typer

from cli.settings import load

app = typer.Typer(no_args_is_help=True, help="Make and check the topics of the log.")

PartitionsOption = Annotated[int | None, typer.Option(min=1, help="Partitions of every topic; fixed for good once the topics are made.")]


@app.command()
def create(
    context: typer.Context,
    partitions: PartitionsOption = None,
    replication: Annotated[int | None, typer.Option(min=1, help="Copies of every partition on the brokers.")] = None,
) -> None:
    """Make the topics that are not there yet; those that are there stay as they are, and are checked.

    [bold]Examples[/bold]

      tally topics create --log kafka://localhost:9092

      tally topics create --partitions 12 --replication 3
    """
    from events.log.opening import open_log
    from events.settings import LogSettings

    settings = load(LogSettings, context, partitions=partitions, replication=replication)
    with open_log(settings) as log:
        created = log.create_topics(settings.partitions, settings.replication)
        log.check_topics(settings.asked_partitions)
    for topic in created:
        print(f"created {topic}")
    if not created:
        print("every topic is there already")


@app.command()
def check(context: typer.Context, partitions: PartitionsOption = None) -> None:
    """Check partitions, retention, clean-up and time stamps of every topic; exit 1 and the remedy if one is wrong.

    [bold]Example[/bold]

      tally topics check --log kafka://localhost:9092
    """
    from events.log.opening import open_log
    from events.settings import LogSettings

    settings = load(LogSettings, context, partitions=partitions)
    with open_log(settings) as log:
        log.check_topics(settings.asked_partitions)
    print("every topic is as it has to be")
