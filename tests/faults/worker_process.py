"""`tally worker` as the fault tests start it: the same, and with FAULT=NAME one thing wrong with it. Run as a module."""

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from events.settings import LogSettings
from projections.settings import RedisSettings
from projections.tables.store import Refused
from streams import worker
from streams.projector import Applied, Batch, Projector
from streams.settings import WorkerSettings


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


FAULTS: Mapping[str, Callable[..., Any]] = {"once": RaisesOnce, "afterwards": RaisesAfterwards, "always": RaisesAlways}


def main() -> int:
    fault = os.environ.get("FAULT")
    if fault is not None:
        worker.Worker = partial(worker.Worker, projector=FAULTS[fault])  # type: ignore[assignment,misc]  # what `run_worker` will make
    return worker.run_worker(LogSettings(), RedisSettings(), WorkerSettings(), drain="--drain" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
