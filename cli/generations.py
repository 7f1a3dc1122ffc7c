"""`tally generations`, `cutover`, `rollback` and `drop`: the copies of the projection, and which of them is used."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.console import local_time, progress, stdout
from cli.failure import Failure
from cli.settings import load

if TYPE_CHECKING:
    from events.log.port import Log
    from projections.settings import RedisSettings

_PATIENCE = 30.0
Number = Annotated[int, typer.Argument(metavar="GENERATION", min=1, help="The generation, by its number (tally generations).")]


def generations(
    context: typer.Context,
    size: Annotated[bool, typer.Option("--size", help="Measure the bytes too, key by key; takes a while on a large Redis.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """List the generations: what state each is in, how far behind the log, how large, and which code has made it.

    [bold]Examples[/bold]

      tally generations

      tally generations --size --json
    """
    from projections.settings import RedisSettings

    settings = load(RedisSettings, context)
    listed = asyncio.run(_list(context, settings, size=size))
    if as_json:
        print(json.dumps({"generations": listed}, indent=2))
    else:
        _show(listed, settings.timezone)


async def _list(context: typer.Context, settings: "RedisSettings", *, size: bool) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from cli.rooms import open_log_for_reading, open_writable
    from events.topics import SOURCE_TOPICS
    from projections.generation_list import generation_list
    from projections.generations import known
    from projections.tables.layout import generation_prefix

    with open_log_for_reading(context) as log:
        async with open_writable(settings) as store:
            listed = [asdict(one) for one in await generation_list(store, await known(store), log.ends(SOURCE_TOPICS))]
            if size:
                for told in listed:
                    told["bytes"] = await _bytes(store, generation_prefix(told["generation"]))
    return listed


async def _bytes(store: Any, prefix: str) -> int:
    with progress(f"Measuring {prefix}...") as bar:
        total = done = 0
        async for keys in store.keys(prefix):
            total += sum(size or 0 for size in await store.ask([("MEMORY", "USAGE", key) for key in keys])) if keys else 0
            done += len(keys)
            bar.update(done)
    return total


def _show(listed: list[dict[str, Any]], zone: str) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("generation", "state", f"made ({zone})", "code"):
        table.add_column(name)
    for name in ("applied", "lag", *(["MB"] if any("bytes" in one for one in listed) else [])):
        table.add_column(name, justify="right")
    for one in listed:
        code = one["code_hash"] if one["this_code"] else f"{one['code_hash']} (another version)"
        size = [f"{one['bytes'] / 1e6:,.1f}"] if "bytes" in one else []
        made = local_time(one["made_at"], zone)[: len("2026-03-02 10:00:00")]
        table.add_row(str(one["generation"]), one["state"], made, code, f"{one['applied']:,}", f"{one['lag']:,}", *size)
    if listed:
        stdout().print(table)
    else:
        print("there is no generation yet: the first worker makes one (tally worker)")


def cutover(
    context: typer.Context,
    number: Number,
    max_lag: Annotated[int, typer.Option(min=0, help="Records that it may be behind the log.")] = 10_000,
    compare: Annotated[bool, typer.Option("--diff/--no-diff", help="Compare it with the active one first, if one code made both.")] = True,
) -> None:
    """Have readers and workers use another generation, by one write.

    It is refused while the generation is not complete, lags more than --max-lag, or differs from the active one though the same code made
    both. Live workers follow by their next commit; `tally rollback` goes back.

    [bold]Example[/bold]

      tally cutover 2
    """
    asyncio.run(_cutover(context, number, max_lag, compare=compare))


async def _cutover(context: typer.Context, number: int, max_lag: int, *, compare: bool) -> None:
    from cli.rooms import open_log_for_reading, open_writable
    from projections import takeover
    from projections.generations import known
    from projections.settings import RedisSettings
    from streams.cutover import NotReady, check_ready, followed

    with open_log_for_reading(context) as log:
        async with open_writable(load(RedisSettings, context)) as store:
            found = await known(store)
            try:
                behind = await check_ready(store, log, found, number, max_lag)
            except NotReady as reason:
                raise Failure(str(reason)) from reason
            if compare and found.active not in (None, number) and found[number].code_hash == found[found.active].code_hash:
                _require_equal(context, log, found.active, number)
            target = await takeover.cutover(store, number)
            print(f"generation {number} is active; it was {behind:,} records behind the log")
            _tell_followed(await followed(store, log, target, _PATIENCE))


def _require_equal(context: typer.Context, log: "Log", active: int, number: int) -> None:
    """Raise `Failure` where two generations that the same code has made from the same log differ."""
    from cli.rooms import open_store
    from projections.settings import RedisSettings
    from streams.diff import diff

    with open_store(load(RedisSettings, context)) as store, progress(f"Comparing generations {active} and {number}") as bar:
        found = diff(store, log, active, number, progress=lambda done, of: bar.update(done, total=of))
    if not found.equal:
        raise Failure(
            f"generation {number} differs from generation {active} in {len(found.differences):,} cells, though the same code made both: "
            f"look at them (tally diff {active} {number}) and at which of them is right (tally verify --generation {number}), or leave the "
            "comparison out (--no-diff)"
        )


def _tell_followed(have: bool) -> None:
    if not have:
        raise Failure(f"it is active, but within {_PATIENCE:g} s no worker has gone on in it: start one of this version (tally worker)")
    print("workers have followed")


def rollback(context: typer.Context) -> None:
    """Have readers and workers use the generation again that was active before the last cutover.

    [bold]Example[/bold]

      tally rollback
    """
    asyncio.run(_rollback(context))


async def _rollback(context: typer.Context) -> None:
    from cli.rooms import open_log_for_reading, open_writable
    from projections import takeover
    from projections.settings import RedisSettings
    from streams.cutover import followed

    with open_log_for_reading(context) as log:
        async with open_writable(load(RedisSettings, context)) as store:
            target = await takeover.rollback(store)
            print(f"generation {target.number} is active again")
            _tell_followed(await followed(store, log, target, _PATIENCE))


def drop(
    context: typer.Context,
    number: Number,
) -> None:
    """Free a generation that is not the active one, in small steps that hold nobody up. It can be interrupted and repeated.

    [bold]Example[/bold]

      tally drop 1
    """
    asyncio.run(_drop(context, number))


async def _drop(context: typer.Context, number: int) -> None:
    from cli.rooms import open_writable
    from projections import takeover
    from projections.settings import RedisSettings

    async with open_writable(load(RedisSettings, context)) as store:
        with progress(f"Dropping generation {number}") as bar:
            freed = 0
            async for keys in takeover.drop(store, number):
                freed += keys
                bar.update(freed)
    print(f"generation {number} is gone: {freed:,} keys")
