"""`tally rebuild`: the log read anew into a generation of its own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cli.console import progress
from cli.failure import Failure, WrongCall
from cli.settings import load

if TYPE_CHECKING:
    from events.log.port import Log
    from projections.settings import RedisSettings
    from streams.drain import Progress
    from streams.positions import Lane

_ANY_TOPIC: Final = "enrollment-events"


def rebuild(
    context: typer.Context,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the partitions; more than cores bring nothing.")] = 1,
    partitions: Annotated[
        str | None, typer.Option(metavar="LIST", help="Only these partitions, such as 0,3. The rest by --resume.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME|OFFSETS", help="Up to a time of the log, or up to email-events/0=500,email-events/1=480.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the generation whose rebuild was interrupted.")] = False,
    generation: Annotated[int | None, typer.Option(min=1, help="With --resume: the generation to bring up to date.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON every second, and one at the end.")] = False,
) -> None:
    """Read the log from its beginning into a new generation, beside the one that is used.

    Neither readers nor live workers are disturbed. It can be interrupted at any time, by Ctrl-C or kill -9: --resume goes on, `tally drop`
    frees what is there. A record that fails in our own code ends it. Then look at it (`tally diff`) and have it used (`tally cutover`).

    [bold]Examples[/bold]

      tally rebuild

      tally rebuild --workers 4

      tally rebuild --until 2026-03-02T10:00:00Z

      tally rebuild --resume --generation 2
    """
    if resume and until is not None:
        raise WrongCall("--until: is fixed when a rebuild begins; leave it out with --resume")
    if generation is not None and not resume:
        raise WrongCall("--generation: goes with --resume; a new rebuild gets a number of its own")
    from cli.rooms import open_log_for_reading
    from events.settings import LogSettings
    from projections.settings import RedisSettings
    from streams.rebuild import RebuildFailed

    redis, log_settings = load(RedisSettings, context), load(LogSettings, context)
    with open_log_for_reading(context) as log:
        count = log.partitions(_ANY_TOPIC)
        task = Task(
            resume=resume,
            generation=generation,
            until=_until(until, log),
            partitions=_chosen(partitions, count),
            workers=workers,
            environment={"TALLY_LOG": log_settings.log, "TALLY_REDIS": redis.redis},
        )
        try:
            asyncio.run(_rebuild(redis, log, task, as_json=as_json))
        except RebuildFailed as failure:
            raise Failure(f"{failure} (tally rebuild --resume goes on)") from failure


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for."""

    resume: bool
    generation: int | None
    until: "Mapping[Lane, int]"
    partitions: frozenset[int]
    workers: int
    environment: Mapping[str, str]


async def _rebuild(settings: "RedisSettings", log: "Log", task: Task, *, as_json: bool) -> None:
    from cli.rooms import open_writable
    from projections.generations import known
    from streams import rebuild as room

    partitions = log.partitions(_ANY_TOPIC)
    async with open_writable(settings) as store:
        if task.resume:
            made = await room.resume(store, partitions, task.generation)
        else:
            made = await room.begin(store, partitions, settings.shards, task.until)
        teller = _Teller(made.number, (await known(store)).active, as_json=as_json)
        with progress(f"Rebuilding generation {made.number}") as bar:

            def tell(told: "Progress") -> None:
                bar.update(told.applied, total=told.total)
                teller.tell(told)

            complete = await room.run(
                store, log, made, task.environment, workers=task.workers, partitions=task.partitions, on_progress=tell
            )
        teller.end(complete=complete)


class _Teller:
    """Says how far it is: for programs every second, for people at the end."""

    def __init__(self, generation: int, active: int | None, *, as_json: bool) -> None:
        self._generation = generation
        self._active = active
        self._as_json = as_json
        self._begun = self._told = monotonic()
        self._first: int | None = None
        self._last: Progress | None = None

    def tell(self, told: "Progress") -> None:
        if self._first is None:
            self._first = told.applied
        self._last = told
        if self._as_json and monotonic() - self._told >= 1:
            self._told = monotonic()
            self._print("building")

    def end(self, *, complete: bool) -> None:
        if self._as_json:
            self._print("complete" if complete else "building")
            return
        last = self._last
        assert last is not None, "progress is told at the end"
        print(f"generation {self._generation}: {last.applied:,} of {last.total:,} records, {self._rate():,.0f} records/s")
        if complete:
            compared = "" if self._active is None else f"look at it: tally diff {self._active} {self._generation}; "
            print(f"{compared}have it used: tally cutover {self._generation}")
        else:
            print("other partitions are not done yet: tally rebuild --resume goes on")

    def _rate(self) -> float:
        """Records a second since the beginning."""
        if self._last is None or self._first is None:
            return 0.0
        return (self._last.applied - self._first) / max(monotonic() - self._begun, 1e-9)

    def _print(self, state: str) -> None:
        last, rate = self._last, self._rate()
        assert last is not None
        eta = (last.total - last.applied) / rate if rate else None
        told = {"generation": self._generation, "state": state, "applied": last.applied, "total": last.total}
        print(json.dumps({**told, "records_per_second": round(rate), "eta_seconds": None if eta is None else round(eta, 1)}), flush=True)


def _chosen(partitions: str | None, count: int) -> frozenset[int]:
    """The partitions of a list such as 0,3; all without one. Raises `WrongCall`."""
    if partitions is None:
        return frozenset(range(count))
    chosen = [part.strip() for part in partitions.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) < count for part in chosen):
        raise WrongCall(f"--partitions: {partitions!r} is not allowed; the log has partitions 0 to {count - 1}, write for example 0,3")
    return frozenset(map(int, chosen))


def _until(text: str | None, log: "Log") -> "Mapping[Lane, int]":
    from streams.until import read_until

    try:
        return {} if text is None else read_until(text, log)
    except ValueError as error:
        raise WrongCall(f"--until: {error}") from error
