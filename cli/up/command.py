"""`tally up`: everything that a machine needs, by one command."""

from typing import Annotated

import typer

from cli.settings import load


def up(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address that the web server listens on; one that others can reach needs a token first.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port that the web server listens on; 0: any that is free.")] = None,
    attached: Annotated[bool, typer.Option("--attached", help="Stop when standard input closes.", hidden=True)] = False,
) -> None:
    """Run everything together: the embedded servers that the settings ask for, a worker and the web server, until Ctrl-C or SIGTERM.

    Each line says whose it is. A part that ends is started again, after a pause that grows if it ends soon again and again; one that fails
    whenever it is started, as with a wrong setting, ends everything with its error and exit code. At the end nothing is left running.
    On Kafka the topics are made if they are not there.

    [bold]Examples[/bold]

      tally up

      tally up --port 8080

      tally up --log kafka://localhost:9092 --redis redis://localhost:6379/0
    """
    from cli.up.together import run_together
    from events.attached import stop_with_standard_input
    from events.settings import LogSettings
    from projections.settings import RedisSettings
    from streams.settings import WorkerSettings
    from web.settings import WebSettings

    log, redis, web = load(LogSettings, context), load(RedisSettings, context), load(WebSettings, context, web_host=host, web_port=port)
    load(WorkerSettings, context)
    if attached:
        stop_with_standard_input()
    if code := run_together(log, redis, web):
        raise typer.Exit(code)
