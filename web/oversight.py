"""What operators look at: where everything stands, who works on it, and what a server stands on. Nothing is changed here."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Final

from events.log.port import Log, LogError
from events.quarantine.dead_letters import Letter
from events.quarantine.reader import QuarantineReader
from projections.generation_list import ListedGeneration, generation_list
from projections.overview import LOOKED_AT, Overview, overview
from projections.tables.redis import RedisWritableStore
from projections.tables.store import StoreError, WritableStore
from projections.upkeep import Upkeep, upkeep
from web.answers import Answers

_LETTERS: Final = 20
"""Dead letters that are shown, the newest."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What a server stands on: addresses without passwords, and the tables for what concerns whole generations."""

    log: str
    redis: str
    store: Callable[[], AbstractAsyncContextManager[WritableStore]]
    """Opens them. Raises `StoreError`."""


def without_secrets(address: str) -> str:
    """An address as it may be shown: without who logs in, and without what stands behind a question mark."""
    scheme, sign, rest = address.partition("://")
    place = rest.partition("?")[0]
    return f"{scheme}{sign}{place if place.startswith('/') else place.rpartition('@')[2]}"


@asynccontextmanager
async def opened(open_store: Callable[[], RedisWritableStore]) -> AsyncIterator[WritableStore]:
    """The tables in a Redis, until the end of the block. Raises `StoreError`."""
    store = open_store()
    try:
        yield store
    finally:
        await store.aclose()


@dataclass(slots=True)
class Sight:
    """What was seen. None where something did not answer, and then one of the troubles says so."""

    overview: Overview | None = None
    upkeep: Upkeep | None = None
    generations: list[ListedGeneration] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Oversight:
    """Looks, and remembers of the quarantine what it has read. For one event loop."""

    def __init__(self, answers: Answers, premises: Premises) -> None:
        self.premises = premises
        self._answers = answers
        self._reading = Lock()
        self._log: Log | None = None
        self._quarantine: QuarantineReader | None = None

    async def look(self, account: str, *, everybody: bool) -> Sight:
        """As of now. `everybody`: dead letters of all accounts, and not only those of this one. Raises `Busy`.

        Of a letter whose account nobody knows is then shown that it is there, and no detail, which may quote anybody's.
        """
        sight = Sight()
        try:
            sight.overview, sight.letters = await self._answers.log_calls.make(lambda: self._read(account, everybody=everybody))
        except (LogError, StoreError) as error:
            sight.troubles.append(str(error))
        ends = await self._answers.ends.get()
        lag = None if sight.overview is None else sight.overview.lag
        partitions = None if sight.overview is None else 1 + max(lane.partition for lane in sight.overview.partitions)
        try:
            async with self.premises.store() as store:
                sight.upkeep = await upkeep(store, lag=lag, partitions=partitions)
                sight.generations = await generation_list(store, sight.upkeep.generations, ends)
        except StoreError as error:
            if str(error) not in sight.troubles:
                sight.troubles.append(str(error))
        return sight

    def _read(self, account: str, *, everybody: bool) -> tuple[Overview, list[Letter]]:
        log = self._answers.log()
        with self._reading:
            if self._quarantine is None or self._log is not log:
                self._log, self._quarantine = log, QuarantineReader(log, newest=LOOKED_AT)
            found = overview(self._answers.reader, log, account, self._quarantine)
            letters = self._quarantine.dead_letters.letters.values()
            shown = [letter for letter in letters if everybody or letter.account in (None, account)]
            newest = sorted(shown, key=lambda letter: (letter.at, letter.origin), reverse=True)[:_LETTERS]
            return found, [letter if everybody or letter.account == account else replace(letter, detail="") for letter in newest]
