"""What keeps the projection going: the workers that are there, the generations, and what of it deserves a look."""

from dataclasses import dataclass, field

from projections.generations import Generation, Known, check_made_for, check_partitions, check_written_by_us, known
from projections.presence import Presence, present
from projections.tables.boot import check
from projections.tables.store import StoreError, StoreUnavailable, WritableStore


@dataclass(slots=True)
class Upkeep:
    """As of now."""

    generations: Known
    workers: list[Presence]
    warnings: list[str] = field(default_factory=list)
    settings_fault: str | None = None
    """Why a worker trusts this Redis with nothing; None if it does."""
    generation_fault: str | None = None
    """Why a worker could not go on with the active generation; None if it could."""

    @property
    def unhealthy(self) -> list[str]:
        """Why a worker could not go on, one line each."""
        return [fault for fault in (self.settings_fault, self.generation_fault) if fault is not None]

    @property
    def active(self) -> Generation | None:
        """The generation that readers use; None before there is one."""
        return None if self.generations.active is None else self.generations[self.generations.active]


async def upkeep(store: WritableStore, *, lag: int | None, partitions: int | None) -> Upkeep:
    """Look at it. `lag`: how many records wait, `partitions`: how many the log has; None where that is not known.

    Raises `StoreUnavailable`.
    """
    found = Upkeep(await known(store), await present(store))
    try:
        found.warnings += await check(store)
    except StoreUnavailable:
        raise
    except StoreError as error:
        found.settings_fault = str(error)
    if (active := found.active) is not None:
        found.generation_fault = await _fault(store, active, partitions)
        try:
            check_written_by_us(active)
        except StoreError as error:  # a worker of that version goes on all the same
            found.warnings.append(str(error))
    if lag and not found.workers:
        found.warnings.append(f"{lag:,} records wait, and no worker is running: start one (tally worker)")
    return found


async def _fault(store: WritableStore, active: Generation, partitions: int | None) -> str | None:
    try:
        if partitions is not None:
            check_made_for(active, partitions)
        await check_partitions(store, active)
    except StoreUnavailable:
        raise
    except StoreError as error:
        return str(error)
    return None
