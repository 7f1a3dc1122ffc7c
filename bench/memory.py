"""How much of Redis an enrollment takes, all tables together."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final, NamedTuple

import msgspec
import redis
import typer

from bench.history import PARTITIONS, batches
from bench.machine import machine, redis_version, versions
from bench.verdict import at_most, console, notes, progress, table
from cli.demo.occurrence import DAY, HOUR, MINUTE, timestamp
from events.log.record import NewRecord
from events.quarantine.dead_letter import DeadLetter
from events.topics import EMAIL, ENROLLMENT, record_key
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.redis import RedisWritableStore
from streams.projector import Applied, Projector

GOAL: Final = 500
SEQUENCES, COMPANIES, USERS, TEAMS, STEPS = 50, 20_000, 60, 8, 3
_ACCOUNT: Final = "default"
_BEGIN: Final = 20_000 * DAY
_WAVE: Final = 1_000
"""Enrollments that go through their sequence together; the next ones start while these are still under way."""


class Footprint(NamedTuple):
    """Bytes: the growth of the server's `used_memory`, and what the keys of each table account for."""

    enrollments: int
    used: int
    tables: dict[str, int]


def memory(
    enrollments: Annotated[int, typer.Option(min=1, help="Enrollments, each of a contact of its own, with 12 events.")] = 100_000,
    id_length: Annotated[int, typer.Option(min=12, max=64, help="Characters of the ids of contacts, enrollments and messages.")] = 24,
) -> None:
    """Bytes of Redis per enrollment with 12 events, all tables together, on Valkey and on redis-server when it is installed."""
    say = progress()
    console.print(machine())
    servers: list[str | None] = [None, *filter(None, [shutil.which("redis-server")])]
    footprints: dict[str, Footprint] = {}
    with TemporaryDirectory(prefix="tally-bench-") as folder:
        for number, program in enumerate(servers):
            with EmbeddedRedis(Path(folder) / str(number), server=program) as server:
                name = redis_version(server.url)
                say(f"{name}: projecting {enrollments:,} enrollments, {12 * enrollments:,} events")
                footprints[name] = measure(server.url, enrollments, id_length)
    if len(servers) == 1:
        say("no redis-server on PATH; remedy: apt-get install redis-server")
    _show(footprints, id_length)


def measure(url: str, enrollments: int, id_length: int) -> Footprint:
    """Project `enrollments` typical enrollments into the empty Redis at `url`."""
    with redis.Redis.from_url(url) as client:
        before = client.info("memory")["used_memory"]
        asyncio.run(_project(url, enrollments, id_length))
        used = client.info("memory")["used_memory"] - before
        tables: Counter[str] = Counter()
        for key in client.scan_iter(count=1000):
            table_name = key.decode().partition("}:")[2].partition(":")[0] or key.decode()
            tables[table_name] += client.memory_usage(key, samples=0)
    return Footprint(enrollments, used, dict(tables.most_common()))


def typical(enrollments: int, id_length: int) -> Iterator[NewRecord]:
    """The events of the enrollments, about in the order of time: started; three times executed, sent and delivered; the second message
    opened; finished."""
    waves = [range(first, min(first + _WAVE, enrollments)) for first in range(0, enrollments, _WAVE)]
    moments = 3
    for day in range(len(waves) + moments - 1):
        for moment in range(moments):
            if 0 <= day - moment < len(waves):
                for number in waves[day - moment]:
                    yield from _moment(number, moment, _BEGIN + day * DAY + number % _WAVE * MINUTE // 2, id_length)


def _moment(number: int, moment: int, time: int, id_length: int) -> Iterator[NewRecord]:
    sequence = number * 7 % SEQUENCES
    names = {
        "contact_id": _id("contact", number, id_length),
        "enrollment_id": _id("enrollment", number, id_length),
        "sequence_id": _id("sequence", sequence, 24),
    }
    step = {"step_id": _id(f"step{sequence}", moment, 24)}
    message = {"message_id": _id(f"message{moment}", number, id_length), **step}
    if moment == 0:
        user = number * 13 % USERS
        attributes = {
            "enrolled_by": _id("user", user, 24),
            "team_id": f"team-{user % TEAMS}",
            "company_id": _id("company", number * 31 % COMPANIES, 24),
            "variant": "AB"[number % 2],
            "sequence_version": 1,
        }
        yield _event(ENROLLMENT, "enrollment.started", time, names | attributes)
    yield _event(ENROLLMENT, "step.executed", time + MINUTE, names | step)
    yield _event(EMAIL, "email.sent", time + MINUTE, names | message)
    yield _event(EMAIL, "email.delivered", time + 2 * MINUTE, names | message)
    if moment == 1:
        yield _event(EMAIL, "email.opened", time + 3 * HOUR, names | message)
    if moment == STEPS - 1:
        yield _event(ENROLLMENT, "enrollment.finished", time + 5 * HOUR, names)


def _event(topic: str, type: str, time: int, data: dict[str, Any]) -> NewRecord:
    event = {
        "specversion": "1.0",
        "id": _id(type, f"{data['enrollment_id']}/{time}", 24),
        "source": "/mailers/bench",
        "type": type,
        "time": timestamp(time),
        "account": _ACCOUNT,
        "data": data,
    }
    return NewRecord(topic, record_key(_ACCOUNT, data["contact_id"]), msgspec.json.encode(event))


def _id(kind: str, number: object, length: int) -> str:
    return sha256(f"{kind}/{number}".encode()).hexdigest()[:length]


async def _project(url: str, enrollments: int, id_length: int) -> None:
    store = RedisWritableStore(url)
    projector = Projector(store, quarantine=_refuse)
    events = 0
    for batch in batches(typical(enrollments, id_length), 4_000):
        outcome = await projector.apply(batch)
        if not isinstance(outcome, Applied):
            raise RuntimeError(f"refused: {outcome.reason}")  # there is no other worker
        events += outcome.events
    await store.aclose()
    if events != 12 * enrollments:
        raise RuntimeError(f"{events:,} events were applied, not {12 * enrollments:,}")


async def _refuse(letters: Sequence[DeadLetter]) -> None:
    raise ValueError(letters[0].detail)


def _show(footprints: dict[str, Footprint], id_length: int) -> None:
    shown = table("memory: bytes of Redis per enrollment", "table", *footprints)
    for name in next(iter(footprints.values())).tables:
        shown.add_row(name, *(f"{footprint.tables[name] / footprint.enrollments:.1f}" for footprint in footprints.values()))
    shown.add_section()
    shown.add_row("all keys", *(f"{sum(f.tables.values()) / f.enrollments:.1f}" for f in footprints.values()))
    shown.add_row("growth of used_memory", *(at_most(f.used / f.enrollments, GOAL, "B") for f in footprints.values()))
    console.print(shown)
    enrollments = next(iter(footprints.values())).enrollments
    notes(
        f"{enrollments:,} enrollments, each of a contact of its own, in {SEQUENCES} sequences of {STEPS} steps; {PARTITIONS} partitions;",
        f"{COMPANIES:,} companies, {USERS} users and {TEAMS} teams.",
        "Each has 12 events: started; for each step executed, sent and delivered; the second message opened; finished. No profiles.",
        f"Ids of contacts and enrollments have {id_length} characters, those of companies, sequences, steps and users 24.",
        "The keys are measured by MEMORY USAGE, every element looked at; the rest is the server's key space and buffers.",
        machine(),
        versions(*footprints),
    )
