"""How soon the web answers: a question over HTTP, a page in a browser, and a number from being published to being seen."""

import asyncio
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, NamedTuple

import numpy as np
import typer

from bench.browser import PROGRAMS, program
from bench.history import PARTITIONS
from bench.machine import keep_off, machine, redis_version, versions, worker_core
from bench.population import SEQUENCES, Population, sequence_id
from bench.process import Process
from bench.reads import project
from bench.stopwatch import Measured
from bench.verdict import at_most, console, notes, progress, table
from bench.web_browser import Change, Loaded
from bench.web_client import Asked
from bench.web_mailer import WATCHED
from projections.tables.embedded_redis import EmbeddedRedis

LOOKUP: Final = 10.0
FILTERED: Final = 40.0
"""Milliseconds of p99."""
REQUESTS: Final = 3_000
"""A second, of one core."""
WEIGHT: Final = 150_000
FIRST_PAINT: Final = 300.0
PIXEL: Final = 500.0
_GOALS: Final = {"unfiltered": LOOKUP, "filtered": FILTERED}
_NAMES: Final = {"unfiltered": "a sequence, no filter", "filtered": "performance and analyze, any filters"}
_PATIENCE: Final = 300.0
_OPENINGS: Final = 10
_EVERY: Final = 50
"""One of so many events is watched for."""


class Seen(NamedTuple):
    """Milliseconds of watched events from being handed to the log to the frame that shows them."""

    delays: list[float]
    changes: int


def web(
    enrollments: Annotated[int, typer.Option(min=1, help="Enrollments in the projection.")] = 100_000,
    calls: Annotated[int, typer.Option(min=1, help="Requests of each kind.")] = 10_000,
    connections: Annotated[int, typer.Option(min=1, help="Connections that ask at once.")] = 16,
    rate: Annotated[int, typer.Option(min=1, help="Events a second that are published while a page is watched.")] = 1_000,
    seconds: Annotated[int, typer.Option(min=5, help="For how long.")] = 20,
    seed: Annotated[int | None, typer.Option(help="What the questions are drawn from; printed, so that a run can be repeated.")] = None,
) -> None:
    """`tally web` on a core of its own under connections that ask without a pause; a page in Chromium; from publish to pixel."""
    say = progress()
    console.print(machine())
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    core = worker_core()
    with TemporaryDirectory(prefix="tally-bench-") as name:
        folder = Path(name)
        with keep_off(core), EmbeddedRedis(folder / "redis") as server:
            say(f"projecting {enrollments:,} enrollments")
            asyncio.run(project(server.url, Population(enrollments), lambda _: None))
            with serving(server.url, f"sqlite:///{folder / 'log.db'}", folder, core) as port:
                at_rest = ask(folder, port, calls, connections, seed, say)
                loaded = _load(folder, port, say)
                say(f"the same while {rate:,} events/s are committed")
                working = {"redis": server.url, "size": enrollments, "rate": rate, "seed": seed}
                with Process("bench.commits:commit", working, folder):
                    time.sleep(2)
                    meanwhile = ask(folder, port, calls, connections, seed + 1, say)
            about = redis_version(server.url)
        seen = _watch(folder, rate, seconds, say)
    _show_asked({"at rest": at_rest, f"while {rate:,} events/s are committed": meanwhile}, enrollments, connections, core)
    _show_page(loaded, seen, enrollments, rate, seconds)
    notes(
        f"Seed {seed}. {SEQUENCES} sequences; at rest an answer is made once, and each request looks whether it still holds.",
        "Filters: one to nine of all, with one to three values each, any basis, any time zone of five: hardly a question comes twice.",
        "No answer is zipped.",
        machine(),
        versions(about),
    )


@contextmanager
def serving(redis: str, log: str, folder: Path, core: int | None = None) -> Iterator[int]:
    """`tally web` in a process of its own; its port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    arguments = {"redis": redis, "log": log, "port": port, "tokens": str(folder / "tokens.json")}
    with Process("bench.web_server:serve", arguments, folder, core=core) as server:
        while True:
            server.check()
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.05)
        yield port


def ask(folder: Path, port: int, calls: int, connections: int, seed: int, say: Callable[[str], Any]) -> dict[str, Asked]:
    """Each kind of question so many times, over connections that ask without a pause."""
    asked: dict[str, Asked] = {}
    for kind, name in _NAMES.items():
        say(f"{calls:,} requests over {connections} connections: {name}")
        arguments = {"port": port, "kind": kind, "seed": seed, "calls": calls, "connections": connections}
        with Process("bench.web_client:ask", arguments, folder) as client:
            asked[kind] = client.result(_PATIENCE)
    return asked


def _load(folder: Path, port: int, say: Callable[[str], Any]) -> list[Loaded]:
    if program() is None:
        return []
    say(f"opening a page in {program()}")
    url = f"http://127.0.0.1:{port}/performance/{sequence_id(0)}"
    with Process("bench.web_browser:load", {"url": url, "times": _OPENINGS}, folder) as browser:
        found: list[Loaded] = browser.result(_PATIENCE)
    return found


def _watch(folder: Path, rate: int, seconds: int, say: Callable[[str], Any]) -> Seen | None:
    """A log, a worker, a server, a mailer and a browser, all on the same cores."""
    if program() is None:
        return None
    say(f"{rate:,} events/s for {seconds} s, and a page that shows some of them")
    log = f"sqlite:///{folder / 'live.db'}"
    with (
        EmbeddedRedis(folder / "live") as server,
        Process("bench.peers.tally_worker:work", {"log": log, "redis": server.url, "group": "bench"}, folder) as worker,
        serving(server.url, log, folder) as port,
    ):
        # The page needs a sequence that is there, and everything has to be awake.
        with Process("bench.web_mailer:publish", {"log": log, "rate": rate, "seconds": 3, "every": _EVERY}, folder) as mailer:
            before = len(mailer.result(_PATIENCE))
        time.sleep(1)
        selector = f'[data-line="{WATCHED}"][data-of="enrollments"]'
        watching = {"url": f"http://127.0.0.1:{port}/performance/{WATCHED}", "selector": selector}
        with Process("bench.web_browser:watch", watching, folder) as browser:
            time.sleep(3)  # it opens the page
            publishing = {"log": log, "rate": rate, "seconds": seconds, "every": _EVERY, "first": before}
            with Process("bench.web_mailer:publish", publishing, folder) as mailer:
                handed: list[float] = mailer.result(_PATIENCE)
            time.sleep(2)
            browser.release()
            changes: list[Change] = browser.result(_PATIENCE)
        worker.release()
        _: Measured = worker.result(_PATIENCE)
    return Seen(list(delays(handed, changes, before)), len(changes))


def delays(handed: Sequence[float], changes: Sequence[Change], before: int) -> Iterator[float]:
    """Milliseconds until each event was seen, with `before` others that were there already: in the first frame that counts as many."""
    for number, moment in enumerate(handed, start=before + 1):
        yield next(time for time, shown in changes if shown >= number) - moment


def _show_asked(found: dict[str, dict[str, Asked]], enrollments: int, connections: int, core: int | None) -> None:
    shown = table(f"web: {connections} connections, {enrollments:,} enrollments", "question", "requests", "requests/s", "p50", "p99")
    for state, asked in found.items():
        shown.add_section()
        shown.add_row(f"[bold]{state}[/bold]")
        for kind, one in asked.items():
            figures = one["milliseconds"]
            p50, p99 = np.percentile(figures, (50, 99))
            speed = len(figures) / one["seconds"]
            goal = f" (goal >= {REQUESTS:,})" if kind == "unfiltered" else ""
            shown.add_row(
                f"  {_NAMES[kind]}", f"{len(figures):,}", f"{speed:,.0f}{goal}", f"{p50:.1f}", at_most(float(p99), _GOALS[kind], "ms")
            )
    console.print(shown)
    on = "one core, which it has to itself" if core is not None else "whichever cores are free"
    console.print(f"The server is one process on {on}; Redis and who asks are on the others.")


def _show_page(loaded: Sequence[Loaded], seen: Seen | None, enrollments: int, rate: int, seconds: int) -> None:
    if not loaded or seen is None:
        console.print(f"[yellow]No page was measured: no browser is here (one of {', '.join(PROGRAMS)}).[/yellow]")
        return
    weight, requests = max(one["bytes"] for one in loaded), max(one["requests"] for one in loaded)
    paints = [one["first_paint"] for one in loaded]
    console.print(f"Performance of a sequence, {enrollments:,} enrollments, in a browser that has nothing of it yet:")
    console.print(f"  {at_most(weight / 1000, WEIGHT / 1000, 'kB')} zipped in {requests} requests")
    p50, largest = np.percentile(paints, (50, 100))
    console.print(f"  first paint after {p50:.0f} ms (median of {len(paints)}), at most {at_most(float(largest), FIRST_PAINT, 'ms')}")
    p50, p99 = np.percentile(seen.delays, (50, 99))
    told = f"p50 {p50:.0f} ms, p99 {at_most(float(p99), PIXEL, 'ms')}"
    console.print(f"From publish to pixel at {rate:,} events/s for {seconds} s: {told}; {len(seen.delays)} events, {seen.changes} changes.")
    console.print(f"Mailer, SQLite log, worker, Redis ({PARTITIONS} partitions), server and browser share the cores.")
