"""`tally web`: tell the numbers over HTTP."""

from typing import Annotated

import typer

from cli.failure import Failure
from cli.settings import load
from events.attached import stop_with_standard_input


def web(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; one that others can reach needs a token first.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any that is free.")] = None,
    attached: Annotated[bool, typer.Option("--attached", help="Stop when standard input closes.", hidden=True)] = False,
) -> None:
    """Answer reports over HTTP, until it is stopped by SIGTERM or Ctrl-C.

    It listens on 127.0.0.1, port 8340, unless told otherwise. Start as many as you like: none keeps anything that the others lack.
    The paths are in docs/dashboards.md, and in /v1/openapi.json.

    [bold]Examples[/bold]

      tally web

      tally web --port 8080

      curl http://127.0.0.1:8340/v1/analyze
    """
    try:
        from web.server import run_web
        from web.settings import WebSettings
    except ModuleNotFoundError as error:
        raise Failure(f'tally web needs {error.name}, which is not installed: pip install "tally[web]"') from error
    from events.settings import LogSettings
    from projections.settings import RedisSettings

    settings = load(LogSettings, context), load(RedisSettings, context), load(WebSettings, context, web_host=host, web_port=port)
    if attached:
        stop_with_standard_input()
    run_web(*settings)
