"""`tally diff`: whether two generations hold the same."""

import json
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.console import printable, progress, stdout
from cli.failure import FAILED, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from streams.diff import Differing, Enrollment

_OFFENDING: Final = 10
_ENROLLMENT: Final = ("account", "contact", "sequence", "enrollment")


def diff(
    context: typer.Context,
    one: Annotated[int, typer.Argument(metavar="A", min=1, help="A generation, by its number (tally generations).")],
    other: Annotated[int, typer.Argument(metavar="B", min=1, help="Another one.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON with every difference, instead of a table with the first ones.")] = False,
) -> None:
    """Compare two generations, cell by cell and by names. Exit code 1 if anything differs.

    Where one is behind the other, what the records between them are about is set aside, and everything else is compared.

    [bold]Examples[/bold]

      tally diff 1 2

      tally diff 1 2 --json
    """
    if one == other:
        raise WrongCall(f"B: compare generation {one} with another one")
    from cli.rooms import open_store
    from events.log.opening import open_log
    from events.settings import LogSettings
    from projections.settings import RedisSettings
    from streams.diff import diff as run

    redis = load(RedisSettings, context)
    with open_log(load(LogSettings, context)) as log, open_store(redis) as store, progress("comparing") as bar:
        found = run(store, log, one, other, progress=lambda done, of: bar.update(done, total=of))
    if as_json:
        print(json.dumps(_as_json(found), indent=2))
    else:
        _show(found)
    if not found.equal:
        raise typer.Exit(FAILED)


def _as_json(found: "Differing") -> dict[str, object]:
    from cli.differences import as_values

    return {
        "equal": found.equal,
        "one": found.one,
        "other": found.other,
        "partitions": found.partitions,
        "contacts": found.contacts,
        "enrollments": found.enrollments,
        "counters": found.counters,
        "behind": {str(partition): records for partition, records in found.behind.items()},
        "set_aside": found.set_aside,
        "moved": [dict(zip(_ENROLLMENT, enrollment, strict=True)) for enrollment in found.moved],
        "not_compared": found.not_compared,
        "offending": [dict(zip(_ENROLLMENT, enrollment, strict=True)) for enrollment in found.offending],
        "differences": as_values(found.differences, ("one", "other")),
    }


def _show(found: "Differing") -> None:
    from cli.differences import draw, draw_figures

    console = stdout()
    figures = {
        "partitions": f"{found.partitions:,}",
        "contacts": f"{found.contacts:,}",
        "enrollments": f"{found.enrollments:,}",
        "counters": f"{found.counters:,}",
    }
    console.print(f"generation {found.one} and generation {found.other}", style="bold")
    console.print(draw_figures(figures))
    for partition, records in found.behind.items():
        console.print(f"partition {partition}: one is {records:,} records behind the other")
    for line in found.not_compared:
        console.print(printable(f"not compared: {line}"))
    if found.moved:
        console.print(printable(f"moved by these records: {_listed(found.moved)}"))
    if found.equal:
        console.print("equal in all that was compared" if found.not_compared else "equal", style="bold")
        return
    if found.offending:
        console.print(printable(f"enrollments that differ: {_listed(found.offending)}"))
    console.print(draw(found.differences, (f"generation {found.one}", f"generation {found.other}")))


def _listed(enrollments: "list[Enrollment]") -> str:
    """The first of them, as account/contact sequence/enrollment."""
    told = [f"{account}/{contact} {sequence}/{enrollment}" for account, contact, sequence, enrollment in enrollments[:_OFFENDING]]
    return ", ".join(told) + (f" and {len(enrollments) - _OFFENDING} more" if len(enrollments) > _OFFENDING else "")
