"""`python -m bench NAME`: the claims of speed and size, each measured beside its peers in one run."""

import sys

import typer

from bench.comparison import WrongAnswer
from bench.freshness import freshness
from bench.ingest import ingest
from bench.memory import memory
from bench.process import ProcessFailed
from bench.profile import profile
from bench.reads import reads
from bench.rebuild import rebuild
from bench.web import web
from events.log.port import LogError
from events.shared_process import ServerError
from projections.tables.store import StoreError

app = typer.Typer(
    name="bench",
    help="Claims of speed and size, measured beside their peers in one run. Trust the ratios; the rest depends on the machine.",
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
)


@app.callback(invoke_without_command=True)
def benchmarks(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for _benchmark in (ingest, memory, profile, freshness, reads, rebuild, web):
    app.command()(_benchmark)


def main() -> None:
    """What goes wrong with a server or a contestant is told in one line; a wrong answer voids the figures."""
    try:
        app(prog_name="./dev bench")
    except (LogError, StoreError, ServerError, ProcessFailed, WrongAnswer) as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
