"""`tally verify`: whether the tables are what the log says."""

import json
import secrets
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.console import printable, progress, stdout
from cli.failure import FAILED, Failure, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from streams.partition_check import Scope
    from streams.verify import Verified

_SIDES: Final = ("stored", "expected")


def verify(
    context: typer.Context,
    sequence: Annotated[str | None, typer.Option(metavar="ID", help="Only this sequence, and the contacts enrolled in it.")] = None,
    contact: Annotated[str | None, typer.Option(metavar="ID", help="Only this contact.")] = None,
    sample: Annotated[float, typer.Option(metavar="PERCENT", help="States and rows of a part of the contacts only.")] = 100.0,
    seed: Annotated[int | None, typer.Option(min=0, max=2**63, help="Which part; an earlier one again by its number.")] = None,
    partitions: Annotated[str | None, typer.Option(metavar="LIST", help="Only these partitions, such as 0,3.")] = None,
    generation: Annotated[int | None, typer.Option(min=1, help="Another generation than the active one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON with every difference, instead of a table with the first ones.")] = False,
) -> None:
    """Fold the log again in a second, plain way, and compare every table with it. Exit code 1 if anything differs.

    Workers may go on meanwhile. All accounts are compared; --sequence and --contact are of the account that is set.

    [bold]Examples[/bold]

      tally verify

      tally verify --sample 5

      tally verify --contact ada --account acme

      tally verify --generation 2 --json
    """
    scope = _scope(context, sequence, contact, sample, seed, partitions)
    from cli.rooms import open_store
    from events.log.opening import open_log
    from events.settings import LogSettings
    from projections.settings import RedisSettings
    from streams.settings import WorkerSettings
    from streams.verify import NoSuchPartition, NotThere
    from streams.verify import verify as run

    redis, gaps = load(RedisSettings, context), load(WorkerSettings, context).allow_gaps
    with open_log(load(LogSettings, context)) as log, open_store(redis) as store, progress("verifying") as bar:
        try:
            found = run(
                store, log, generation=generation, scope=scope, allow_gaps=gaps, progress=lambda read, of: bar.update(read, total=of)
            )
        except NoSuchPartition as error:
            raise WrongCall(f"--partitions: {error}") from None
        except NotThere as error:
            raise Failure(str(error)) from None
    if as_json:
        print(json.dumps(_as_json(found), indent=2))
    else:
        _show(found)
    if not found.clean:
        raise typer.Exit(FAILED)


def _scope(
    context: typer.Context, sequence: str | None, contact: str | None, sample: float, seed: int | None, partitions: str | None
) -> "Scope":
    from projections.settings import RedisSettings
    from streams.partition_check import Scope

    if not 0 < sample <= 100:
        raise WrongCall(f"--sample: per cent of the contacts, above 0 and up to 100, not {sample:g}")
    if seed is not None and sample == 100:
        raise WrongCall("--seed: goes with --sample, which it is the choice of")
    chosen = None
    if partitions is not None:
        numbers = partitions.split(",")
        if not all(number.strip().isascii() and number.strip().isdigit() for number in numbers):
            raise WrongCall(f"--partitions: numbers with commas between them, such as 0,3, not {partitions!r}")
        chosen = frozenset(int(number) for number in numbers)
    return Scope(
        account=load(RedisSettings, context).account,
        contact=contact,
        sequence=sequence,
        partitions=chosen,
        sample=sample,
        seed=secrets.randbits(32) if seed is None else seed,
    )


def _as_json(found: "Verified") -> dict[str, object]:
    from cli.differences import as_values

    return {
        "clean": found.clean,
        "generation": found.generation,
        "partitions": list(found.partitions),
        "events": found.events,
        "contacts": found.contacts,
        "enrollments": found.enrollments,
        "counters": found.counters,
        "seconds": round(found.seconds, 3),
        "events_per_second": round(found.events_per_second),
        "sample_seed": found.seed,
        "not_compared": found.not_compared,
        "differences": as_values(found.differences, _SIDES),
    }


def _show(found: "Verified") -> None:
    from cli.differences import draw, draw_figures

    console = stdout()
    figures = {
        "partitions": ", ".join(map(str, found.partitions)) or "none",
        "events": f"{found.events:,}",
        "contacts": f"{found.contacts:,}",
        "enrollments": f"{found.enrollments:,}",
        "counters": f"{found.counters:,}",
        "seconds": f"{found.seconds:,.1f}",
        "events/s": f"{found.events_per_second:,.0f}",
    }
    if found.seed is not None:
        figures["seed of the sample"] = str(found.seed)
    console.print(f"generation {found.generation} against the log", style="bold")
    console.print(draw_figures(figures))
    for line in found.not_compared:
        console.print(printable(f"not compared: {line}"))
    if found.clean:
        console.print("clean: the tables are what the log says", style="bold")
    else:
        console.print(draw(found.differences, _SIDES))
