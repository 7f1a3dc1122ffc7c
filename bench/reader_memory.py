"""How much memory a reader takes, in a process of its own that does nothing else."""

import gc
import resource
import sys
from pathlib import Path
from random import Random
from typing import Final, TypedDict

from bench import questions
from bench.population import ACCOUNT
from projections.reports import report
from projections.tables.reader import Reader
from projections.tables.redis import RedisStore

_QUESTIONS: Final = 200
_STATM: Final = Path("/proc/self/statm")


class ReaderMemory(TypedDict):
    """Bytes: what the process grew by, and what rows and columns say of themselves."""

    rows: int
    grown: int
    held: int


def measure(redis: str, seed: int) -> ReaderMemory:
    """Over questions that need every column."""
    random = Random(seed)
    with RedisStore(redis) as store:
        report("analyze", Reader(store), account="nobody", source="rows")  # what imports take is no reader's
        gc.collect()
        before = _resident()
        reader = Reader(store)
        for _ in range(_QUESTIONS):
            questions.filtered(random, random.choice(("analyze", "performance", "steps"))).ask(reader)
        gc.collect()
        held = reader.rows(ACCOUNT).table
        return ReaderMemory(rows=len(held), grown=_resident() - before, held=held.nbytes)


def _resident() -> int:
    """Bytes of memory that the process has; where only the largest number so far is known, that."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024
