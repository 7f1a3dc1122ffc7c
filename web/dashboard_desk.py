"""Dashboards are changed here: by events, each of which comes after all that was said before, and shows when it has come back."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import Final, NamedTuple
from weakref import WeakValueDictionary

from events.catalog import DashboardDeleted, DashboardSaved
from events.publisher import now
from events.rfc3339 import format_time
from projections.dashboard_changes import is_behind
from projections.dashboards import Dashboard
from projections.saved_dashboards import DASHBOARDS, latest
from web.access import Caller
from web.answers import Answers
from web.cloudevents import Told
from web.intake import Intake
from web.meters import Meters
from web.problems import Problem, away
from web.signed import signed
from web.verdicts import Verdicts

PATIENCE: Final = 3.0
"""Seconds to wait for a worker; longer than it takes one that is running, and shorter than people take to wonder."""
_POLL: Final = 0.03


class Overtaken(Problem):
    """Somebody has changed the dashboard since the one who wants to change it has seen it."""

    def __init__(self, known: Dashboard) -> None:
        when = f"it is as saved at {format_time(known.time)}" if known.is_there else "it was deleted, or never saved"
        super().__init__(
            HTTPStatus.CONFLICT,
            "overtaken",
            f"the dashboard has changed since you have seen it, so nothing was done; now {when}",
            saved_at=format_time(known.time) if known.is_there else None,
        )


class Written(NamedTuple):
    """A change that the log has. `time` in ms since 1970 UTC."""

    event_id: str
    time: int
    partition: int
    offset: int


Make = Callable[[Dashboard], DashboardSaved | DashboardDeleted]
"""What a dashboard is to be, from what is known of it. May raise what is to be told."""


class DashboardDesk:
    """Makes the changes. For one event loop.

    Within one process changes of an account come one after the other, so that each is made of what is there. Of two that different
    processes write at the same moment the later one counts, as everywhere.
    """

    def __init__(self, answers: Answers, intake: Intake, meters: Meters) -> None:
        self._answers = answers
        self._intake = intake
        self._meters = meters
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def change(self, caller: Caller, dashboard_id: str, make: Make, seen: int | None = None) -> Written:
        """Write what `make` makes of the dashboard. `seen`: the time of the save that the caller has seen, if it matters.

        Raises `Overtaken` if there is another since, what `make` raises, `Problem`, `StoreError`, `LogError`, `Busy`.
        """
        turn = self._turns.setdefault(caller.account, asyncio.Lock())
        async with turn:
            known = await self._known(caller.account, dashboard_id)
            if seen is not None and seen != known.time:
                raise Overtaken(known)
            return await self._write(caller, make(known), known.next_time(now()))

    async def has_come_back(self, account: str, dashboard_id: str, time: int) -> bool:
        """Whether the tables have what was written, or something later; soon, or not for now. Raises `StoreError`, `Busy`."""
        return await self._wait_for(lambda: latest(self._answers.reader, account, dashboard_id).time >= time)

    async def _known(self, account: str, dashboard_id: str) -> Dashboard:
        """The latest word on a dashboard, with all that was said before."""
        found: list[Dashboard] = []

        def find() -> bool:
            reading = self._answers.reader.read(account, DASHBOARDS)
            found.append(reading[DASHBOARDS].get(dashboard_id, Dashboard()))
            return not is_behind(reading, self._answers.log(), account)

        if not await self._wait_for(find):
            raise away("what was saved before has not come back yet, and would be lost; try again when a worker has applied it")
        return found[-1]

    async def _wait_for(self, condition: Callable[[], bool]) -> bool:
        deadline = monotonic() + PATIENCE
        while not await self._answers.log_calls.make(condition):
            if monotonic() > deadline:
                return False
            await asyncio.sleep(_POLL)
        return True

    async def _write(self, caller: Caller, data: DashboardSaved | DashboardDeleted, time: int) -> Written:
        event = signed(data, time, caller)
        verdicts = Verdicts.of(await self._intake.take([Told(event.value)], account=caller.account, all_or_nothing=False))
        self._meters.told(verdicts)
        (verdict,) = verdicts.events
        if verdict.status == "refused":
            raise Problem(HTTPStatus.BAD_REQUEST, "refused", str(verdict.detail), reason=verdict.reason, field=verdict.field)
        if verdict.partition is None or verdict.offset is None:
            raise away("the log has not acknowledged it; do it again, which does no harm")
        return Written(event.id, time, verdict.partition, verdict.offset)
