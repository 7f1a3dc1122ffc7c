"""`tally worker` as the fault tests start it: the same, and with FAULT=NAME one thing wrong with it. Run as a module."""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from events.settings import LogSettings
from projections.partition import PartitionState
from projections.settings import RedisSettings
from projections.tables.store import Commit, Refused
from streams import projector, worker
from streams.folded import Folded
from streams.ingest import Ingest
from streams.projector import Applied, Batch, Projector
from streams.settings import WorkerSettings
from streams.transport.batches import RecordBatch

logger = logging.getLogger("tally.worker")

FAILS: Final = b"our own code cannot take this"


class RaisesOnce(Projector):
    """Raises in the tenth batch, once."""

    count = 0

    async def apply(self, *batches: Batch) -> Applied | Refused:
        RaisesOnce.count += 1
        if RaisesOnce.count == 10:
            raise RuntimeError("raised once")
        return await super().apply(*batches)


class RaisesAfterwards(Projector):
    """Raises in the tenth batch, once, when it is written already: nobody knows then whether it was."""

    count = 0

    async def apply(self, *batches: Batch) -> Applied | Refused:
        outcome = await super().apply(*batches)
        RaisesAfterwards.count += 1
        if RaisesAfterwards.count == 10:
            raise RuntimeError("raised afterwards")
        return outcome


class RaisesAlways(Projector):
    async def apply(self, *batches: Batch) -> Applied | Refused:
        raise RuntimeError("raised again")


class FailsOnSome(Projector):
    """Cannot take a record that says so."""

    async def _fold(self, state: PartitionState, commit: Commit, batches: Sequence[Batch]) -> Folded:
        if any(FAILS in (record.value or b"") for batch in batches for record in batch.records):
            raise projector._Poison from RuntimeError("the fold is broken")
        return await super()._fold(state, commit, batches)


class Held(Projector):
    """Comes as far as its commits, and writes them when the file HOLD is gone."""

    async def _commit(self, state: PartitionState, *arguments: Any) -> Applied | Refused:
        if _is_held():
            logger.info("holding the commit of partition %d", state.partition)
        while _is_held():  # noqa: ASYNC110  another process ends it
            await asyncio.sleep(0.005)
        return await super()._commit(state, *arguments)


def _is_held() -> bool:
    return Path(os.environ["HOLD"]).exists()


class Silent(Ingest):
    """Is handed nothing any more after the tenth batch, as by a consumer that has stopped."""

    count = 0

    async def take(self, batch: RecordBatch) -> None:
        Silent.count += 1
        if Silent.count <= 10:
            await super().take(batch)


FAULTS: Mapping[str, Callable[..., Any]] = {
    "once": RaisesOnce,
    "afterwards": RaisesAfterwards,
    "always": RaisesAlways,
    "on some": FailsOnSome,
    "held": Held,
}


def main(arguments: Sequence[str]) -> int:
    fault = os.environ.get("FAULT")
    if fault == "silent":
        worker.Ingest = Silent  # type: ignore[attr-defined]  # what the worker will make
    elif fault is not None:
        worker.Worker = partial(worker.Worker, projector=FAULTS[fault])  # type: ignore[assignment,misc]  # what `run_worker` will make
    return worker.run_worker(LogSettings(), RedisSettings(), WorkerSettings(), drain="--drain" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
