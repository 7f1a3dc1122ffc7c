"""Whether all is well: what would keep a worker from going on, limits that are exceeded, and what deserves a look."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from cli.clock import now
from events.log.port import Log
from events.rfc3339 import format_time, parse_time
from events.topics import SOURCE_TOPICS
from projections.code_hash import code_hash
from projections.generations import Generation
from projections.overview import Overview
from projections.presence import Presence
from projections.tables.store import StoreError, StoreUnavailable, WritableStore
from projections.upkeep import upkeep
from streams.positions import HoleInLog, check_log, near_begin, reached
from streams.positions import Lane as Place
from streams.settings import WorkerSettings


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be at most; None: whatever it is."""

    lag: int | None = None
    lag_seconds: float | None = None
    quarantined: int | None = None


@dataclass(frozen=True, slots=True)
class WorkerHere:
    """A worker, by its own last word. `applied`: events since it started."""

    id: str
    host: str
    pid: int
    generation: int
    partitions: list[int]
    applied: int
    started_at: str
    last_commit: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """What there is to say beside where everything stands."""

    code_hash: str | None
    """Of the code that writes the active generation; None before there is one."""
    this_code: bool | None
    """Whether that is the code of this version."""
    last_commit_age_seconds: float | None
    workers: list[WorkerHere]
    begins: dict[Place, int]
    unhealthy: list[str]
    warnings: list[str]

    def joined(self, overview: Overview) -> dict[str, Any]:
        """With where everything stands, as JSON has it."""
        told = overview.to_dict()
        for lane in told["partitions"]:
            lane["begin"] = self.begins[Place(lane["topic"], lane["partition"])]
        ours = asdict(self)
        del ours["begins"]
        return {**told, **ours, "healthy": not self.unhealthy}


async def examine(store: WritableStore, log: Log, overview: Overview, limits: Limits) -> Health:
    """Look further than `overview` does. Raises `StoreUnavailable`, `LogError`."""
    partitions = log.partitions(SOURCE_TOPICS[0])
    found = await upkeep(store, lag=overview.lag, partitions=partitions)
    active = found.active
    begins = {Place(lane.topic, lane.partition): log.begin(lane.topic, lane.partition) for lane in overview.partitions}
    unhealthy = [*_exceeded(overview, limits), *found.unhealthy]
    if active is not None and found.generation_fault is None:
        unhealthy += [fault async for fault in _faults(store, log, active, partitions)]
    return Health(
        code_hash=None if active is None else active.code_hash,
        this_code=None if active is None else active.code_hash == code_hash(),
        last_commit_age_seconds=None if overview.last_commit is None else max(0, now() - parse_time(overview.last_commit)) / 1000,
        workers=[_here(one) for one in found.workers],
        begins=begins,
        unhealthy=unhealthy,
        warnings=[*_near_begin(overview, begins), *found.warnings],
    )


def _exceeded(overview: Overview, limits: Limits) -> Iterator[str]:
    if limits.lag is not None and overview.lag > limits.lag:
        yield f"{overview.lag:,} records behind the log, more than --max-lag {limits.lag:,}"
    if limits.lag_seconds is not None and overview.lag_seconds > limits.lag_seconds:
        yield f"{overview.lag_seconds:,.1f} s behind the log, more than --max-lag-seconds {limits.lag_seconds:g}"
    if limits.quarantined is None:
        return
    if overview.dead_letters is None:
        yield "the log does not show its dead letters, so --max-quarantined cannot be told"
    elif overview.dead_letters.open > limits.quarantined:
        number = overview.dead_letters.open
        yield f"{number:,} dead letters are open, more than --max-quarantined {limits.quarantined:,}: tally quarantine list"


def _near_begin(overview: Overview, begins: dict[Place, int]) -> Iterator[str]:
    for lane in overview.partitions:
        place = Place(lane.topic, lane.partition)
        if told := near_begin(place, lane.applied, begins[place], lane.end):
            yield told


async def _faults(store: WritableStore, log: Log, active: Generation, partitions: int) -> AsyncIterator[str]:
    """For what in the log a worker that starts now would stop at once."""
    try:
        await check_log(log, await reached(store, active, range(partitions)), allow_gaps=WorkerSettings().allow_gaps)
    except StoreUnavailable:
        raise
    except (StoreError, HoleInLog) as error:
        yield str(error)


def _here(one: Presence) -> WorkerHere:
    committed = None if one.committed_at is None else format_time(one.committed_at)
    return WorkerHere(one.id, one.host, one.pid, one.generation, one.partitions, one.applied, format_time(one.started_at), committed)
