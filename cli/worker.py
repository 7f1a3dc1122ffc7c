"""`tally worker`: project the log into Redis."""

from typing import Annotated

import typer

from cli.settings import load
from events.attached import stop_with_standard_input


def worker(
    context: typer.Context,
    drain: Annotated[bool, typer.Option("--drain", help="Stop once all that is in the log now is applied.")] = False,
    attached: Annotated[bool, typer.Option("--attached", help="Stop when standard input closes.", hidden=True)] = False,
) -> None:
    """Project the log into Redis, until it is stopped by SIGTERM or Ctrl-C.

    Start as many as there are partitions to share; on SQLite one. It waits for a log or a Redis that is not there yet, and says
    every few seconds how it goes. More settings, as environment variables, are in docs/operate.md.

    [bold]Examples[/bold]

      tally worker

      tally worker --drain

      tally worker --log kafka://localhost:9092 --redis redis://localhost:6379/0
    """
    from events.settings import LogSettings
    from projections.settings import RedisSettings
    from streams.settings import WorkerSettings
    from streams.worker import run_worker

    settings = load(LogSettings, context), load(RedisSettings, context), load(WorkerSettings, context)
    if attached:
        stop_with_standard_input()
    if code := run_worker(*settings, drain=drain):
        raise typer.Exit(code)
