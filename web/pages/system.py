"""The page *System*: for those who keep it going."""

import platform
from importlib.metadata import version
from shlex import quote
from typing import Final, NamedTuple

from fastapi import FastAPI

from events.quarantine.dead_letters import Letter
from events.rfc3339 import format_time
from projections.code_hash import code_hash
from projections.overview import Overview
from projections.presence import Presence
from projections.reports.parameters import check_names
from web.access import Scope
from web.oversight import Oversight, Sight
from web.pages.site import Page, Site, Visit

_ANOMALIES: Final = {
    "implicit_start": "Enrollments that started without an event that says so",
    "second_end": "Enrollments that ended more than once",
}
_NO_LETTER: Final = "TOPIC/PARTITION/OFFSET"
_NOT_TOLD: Final = "told by tally quarantine show: whose record it is, it does not say"


class Partition(NamedTuple):
    """How far one partition is, in all topics together. `worker` is who holds it."""

    number: int
    worker: str | None
    applied: int
    end: int
    lag: int
    lag_seconds: float


class Worker(NamedTuple):
    """A worker, by its own last word."""

    id: str
    process: str
    generation: int
    partitions: str
    applied: int
    started_at: str
    last_commit: str | None


class Reason(NamedTuple):
    """How many records were set aside for a reason, and how many of them nobody has dealt with (None: that is not known)."""

    name: str
    number: int
    open: int | None


class Dead(NamedTuple):
    """A dead letter."""

    id: str
    at: str
    reason: str
    detail: str
    account: str | None
    state: str


def add(app: FastAPI, site: Site, oversight: Oversight) -> None:
    """Add the page."""

    async def system(visit: Visit) -> Page:
        check_names(visit.given, ())
        sight = await oversight.look(visit.account, everybody=site.access.open)
        found, upkeep = sight.overview, sight.upkeep
        workers = upkeep.workers if upkeep else []
        return Page(
            "system.html",
            {
                "found": found,
                "upkeep": upkeep,
                "unhealthy": [*sight.troubles, *(upkeep.unhealthy if upkeep else ())],
                "partitions": _partitions(found, workers) if found else [],
                "workers": [_worker(one) for one in workers],
                "generations": sight.generations,
                "reasons": _reasons(found) if found else [],
                "set_aside": sum(found.quarantined.values()) if found else 0,
                "letters": [_dead(letter) for letter in sight.letters],
                "example": _example(sight),
                "odd": _odd(found) if found else [],
                "premises": oversight.premises,
                "versions": {"Tally": version("tally"), "Python": platform.python_version(), "Code of the fold": code_hash()},
                "account": visit.account,
                "zone": site.answers.time_zone,
            },
        )

    site.add(app, "/system", system, section="system", scope=Scope.OPERATE)


def _partitions(found: Overview, workers: list[Presence]) -> list[Partition]:
    holders = {partition: one.id for one in workers for partition in one.partitions if one.generation == found.generation}
    made = []
    for number in sorted({lane.partition for lane in found.partitions}):
        lanes = [lane for lane in found.partitions if lane.partition == number]
        made.append(
            Partition(
                number,
                holders.get(number),
                sum(lane.applied for lane in lanes),
                sum(lane.end for lane in lanes),
                sum(lane.lag for lane in lanes),
                max(lane.lag_seconds for lane in lanes),
            )
        )
    return made


def _worker(one: Presence) -> Worker:
    return Worker(
        one.id,
        f"{one.pid} on {one.host}",
        one.generation,
        ", ".join(map(str, one.partitions)) or "none",
        one.applied,
        format_time(one.started_at),
        None if one.committed_at is None else format_time(one.committed_at),
    )


def _reasons(found: Overview) -> list[Reason]:
    still = found.dead_letters.open_reasons if found.dead_letters else None
    names = sorted({*found.quarantined, *(still or ())})
    return [Reason(name, found.quarantined.get(name, 0), None if still is None else still.get(name, 0)) for name in names]


def _odd(found: Overview) -> list[tuple[str, int]]:
    anomalies = [(_ANOMALIES[name], number) for name, number in found.anomalies.items()]
    return [
        ("Events that wait for the e-mail they are about", found.waiting),
        ("Enrollments that nothing has started", found.orphan),
        *anomalies,
    ]


def _dead(letter: Letter) -> Dead:
    return Dead(letter.id, format_time(letter.at), letter.reason, letter.detail or _NOT_TOLD, letter.account, letter.state)


def _example(sight: Sight) -> str:
    """The newest letter that is open, as a shell takes it."""
    return next((quote(letter.id) for letter in sight.letters if letter.state == "open"), _NO_LETTER)
