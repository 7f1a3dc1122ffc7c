"""`tally demo`: a simulated company, a log, a worker, a Redis and a web server, live in the browser and in the terminal."""

from pathlib import Path
from typing import Annotated

import typer

from cli.settings import load


def demo(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Print the reports of the history and end.")] = False,
    kafka: Annotated[bool, typer.Option("--kafka", help="Use a real Apache Kafka node instead of SQLite.")] = False,
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Where everything is kept; emptied first.")] = Path(".tally/demo"),
    keep: Annotated[bool, typer.Option("--keep", help="Go on with what an earlier demo has left in the folder.")] = False,
    contacts: Annotated[int, typer.Option(min=50, max=1_000_000, help="How many people the company writes to.")] = 3_000,
    seed: Annotated[int, typer.Option(help="Another number is another company.")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, max=5_000, help="Live events a second.")] = 40.0,
    browse: Annotated[bool, typer.Option("--open", help="Show the dashboard in the browser as soon as it answers.")] = False,
) -> None:
    """Watch it work: half a year of a simulated company that writes to some thousand people, and how it goes on.

    Starts a log, a Redis, a worker and a web server of its own, says where the dashboard is (port 8340, or a free one if that is taken),
    publishes the history, shows the reports, and then goes on live until Ctrl-C, which leaves nothing running.

    [bold]Examples[/bold]

      tally demo

      tally demo --open

      tally demo --once --contacts 500

      tally demo --kafka --rate 500
    """
    from cli.demo.show import Show
    from projections.settings import RedisSettings
    from web.settings import WebSettings

    show = Show(
        load(RedisSettings, context),
        port=load(WebSettings, context).web_port,
        browse=browse,
        folder=folder,
        kafka=kafka,
        keep=keep,
        contacts=contacts,
        seed=seed,
        rate=None if once else rate,
    )
    show.run()
