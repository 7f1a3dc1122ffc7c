"""What keeps the projection going: the workers that are there, the generations, and what of it deserves a look."""

from dataclasses import dataclass

from projections.generations import Generation, Known, check_written_by_us, known
from projections.presence import Presence, present
from projections.tables.boot import check
from projections.tables.store import StoreError, StoreUnavailable, WritableStore


@dataclass(frozen=True, slots=True)
class Upkeep:
    """As of now."""

    generations: Known
    workers: list[Presence]
    unhealthy: list[str]
    """Why a worker could not go on, one line each."""
    warnings: list[str]

    @property
    def active(self) -> Generation | None:
        """The generation that readers use; None before there is one."""
        return None if self.generations.active is None else self.generations[self.generations.active]


async def upkeep(store: WritableStore, lag: int | None) -> Upkeep:
    """Look at it. `lag`: how many records wait, where that is known. Raises `StoreUnavailable`."""
    found = Upkeep(await known(store), await present(store), [], [])
    try:
        found.warnings.extend(await check(store))
    except StoreUnavailable:
        raise
    except StoreError as error:
        found.unhealthy.append(str(error))
    if found.active is not None:
        try:
            check_written_by_us(found.active)
        except StoreError as error:  # a worker of that version goes on all the same
            found.warnings.append(str(error))
    if lag and not found.workers:
        found.warnings.append(f"{lag:,} records wait, and no worker is running: start one (tally worker)")
    return found
