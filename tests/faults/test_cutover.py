"""A worker dies as it goes over to another generation, forward and back."""

from projections.moments import Moment
from tests.faults.mutants import notices
from tests.faults.pair import Pair, publishing
from tests.faults.zygote import KILLED

_BY_ITS_COMMITS_ALONE = {"TALLY_PROGRESS_INTERVAL": "60"}
"""So seldom a worker looks at the store for other reasons."""


@notices("successor-ignored")
def test_a_worker_dies_in_a_cutover_and_in_a_rollback(pair: Pair) -> None:
    with publishing(pair.address):
        worker = pair.start(settings=_BY_ITS_COMMITS_ALONE, moment=Moment.READING_AGAIN)
        pair.moves_on(500)
        assert pair.begin("rebuild", "begin").wait() == 0
        for generation in ("2", "1"):
            assert worker.is_running, worker.log
            assert pair.begin("cutover", generation).wait() == 0
            assert worker.wait(20) == KILLED
            pair.is_exact_so_far()
            worker = pair.start(settings=_BY_ITS_COMMITS_ALONE, moment=Moment.READING_AGAIN)
            pair.moves_on(500)
    pair.is_exact()
