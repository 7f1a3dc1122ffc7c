"""`tally status`: how far the numbers are, and what is set aside."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import local_time, stderr, stdout
from cli.failure import Failure
from cli.settings import load

if TYPE_CHECKING:
    from rich.table import Table

    from cli.health import Health, Limits
    from events.log.port import Log
    from projections.overview import Letters, Overview


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of tables.")] = False,
    max_lag: Annotated[int | None, typer.Option(min=0, help="Records behind the log above which to exit with 1.")] = None,
    max_lag_seconds: Annotated[float | None, typer.Option(min=0, help="Seconds behind the log above which to exit with 1.")] = None,
    max_quarantined: Annotated[int | None, typer.Option(min=0, help="Open dead letters above which to exit with 1.")] = None,
) -> None:
    """Show how far the projection is behind the log, and what waits, is odd or was set aside; for people and for probes.

    Exit 1 if it cannot be told, if a limit is exceeded, or if a worker could not go on as things are.

    [bold]Examples[/bold]

      tally status

      tally status --json --account acme

      tally status --max-lag 10000 --max-lag-seconds 60
    """
    from cli.health import Limits
    from cli.rooms import open_log_for_reading, open_reader
    from projections.overview import overview, partitions_of
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    with open_log_for_reading(context) as log, open_reader(settings, partitions_of(log)) as reader:
        found = overview(reader, log, settings.account)
        health = asyncio.run(_examine(settings.redis, log, found, Limits(max_lag, max_lag_seconds, max_quarantined)))
    if as_json:
        print(json.dumps(health.joined(found), indent=2))
    else:
        _show(found, health, settings.timezone)
    if health.unhealthy:
        raise Failure("; ".join(health.unhealthy))


async def _examine(redis: str, log: "Log", found: "Overview", limits: "Limits") -> "Health":
    from cli.health import examine
    from projections.tables.opening import redis_url
    from projections.tables.redis import RedisWritableStore

    with redis_url(redis) as url:
        store = RedisWritableStore(url)
        try:
            return await examine(store, log, found, limits)
        finally:
            await store.aclose()


def _show(found: "Overview", health: "Health", zone: str) -> None:
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
    rest.add_row("code", "none yet" if health.code_hash is None else health.code_hash if health.this_code else "of another version")
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
    _show_workers(health, zone)
    for warning in health.warnings:
        stderr().print(f"warning: {warning}", soft_wrap=True)


def _show_workers(health: "Health", zone: str) -> None:
    from rich import box
    from rich.table import Table

    table = Table(title="workers", title_justify="left", box=box.SIMPLE_HEAD)
    for name in ("worker", "process", "generation", "partitions", "applied", "started", "last commit"):
        table.add_column(name)
    for one in health.workers:
        numbers = ", ".join(map(str, one.partitions)) or "none"
        times = (local_time(one.started_at, zone), local_time(one.last_commit, zone))
        table.add_row(one.id, f"{one.pid} on {one.host}", str(one.generation), numbers, f"{one.applied:,}", *times)
    if health.workers:
        stdout().print(table)


def _add_letters(rest: "Table", letters: "Letters | None") -> None:
    if letters is None:
        rest.add_row("dead letters", "the log does not answer")
        return
    rest.add_row("dead letters" if letters.whole else "dead letters, the newest", "")
    for state in ("open", "redriven", "evicted"):
        rest.add_row(f"  {state}", f"{getattr(letters, state):,}")
