"""`tally status`: how far the numbers are, and what is set aside."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import local_time, stdout
from cli.settings import load

if TYPE_CHECKING:
    from rich.table import Table

    from cli.standing import Letters, Standing


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
) -> None:
    """Show how far the projection is behind the log, and what waits, is odd or was set aside.

    [bold]Examples[/bold]

      tally status

      tally status --json --account acme
    """
    from cli.rooms import open_log_for_reading, open_reader
    from cli.standing import partitions_of, standing
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    with open_log_for_reading(context) as log, open_reader(settings, partitions_of(log)) as reader:
        found = standing(reader, log, settings.account)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        _show(found, settings.timezone)


def _show(found: "Standing", zone: str) -> None:
    from rich import box
    from rich.table import Table

    console = stdout()
    lanes = Table(title="progress", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("topic", "partition"):
        lanes.add_column(name)
    for name in ("applied", "end", "lag", "lag (s)"):
        lanes.add_column(name, justify="right")
    for lane in found.partitions:
        lanes.add_row(lane.topic, str(lane.partition), f"{lane.applied:,}", f"{lane.end:,}", f"{lane.lag:,}", f"{lane.lag_seconds:,.1f}")
    lanes.add_section()
    lanes.add_row("all", "", f"{found.applied:,}", f"{found.end:,}", f"{found.lag:,}", f"{found.lag_seconds:,.1f}", style="bold")
    console.print(lanes)

    rest = Table(title=f"account {found.account}", title_justify="left", show_header=False, box=box.SIMPLE)
    rest.add_column()
    rest.add_column(justify="right")
    rest.add_row("generation", str(found.generation))
    rest.add_row("last commit", local_time(found.last_commit, zone))
    rest.add_row("events waiting for their e-mail", f"{found.waiting:,}")
    rest.add_row("orphan enrollments", f"{found.orphan:,}")
    for name, count in found.anomalies.items():
        rest.add_row(f"anomaly: {name.replace('_', ' ')}", f"{count:,}")
    rest.add_row("quarantined (all accounts)", f"{sum(found.quarantined.values()):,}")
    for reason, count in found.quarantined.items():
        rest.add_row(f"  {reason}", f"{count:,}")
    _add_letters(rest, found.dead_letters)
    console.print(rest)


def _add_letters(rest: "Table", letters: "Letters | None") -> None:
    if letters is None:
        rest.add_row("dead letters", "the log does not answer")
        return
    rest.add_row("dead letters" if letters.whole else "dead letters, the newest", "")
    for state in ("open", "redriven", "evicted"):
        rest.add_row(f"  {state}", f"{getattr(letters, state):,}")
