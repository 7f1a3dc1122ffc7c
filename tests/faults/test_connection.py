"""The way to Redis is slow, and breaks at the worst moments: before a commit arrives, and when it is written and nobody hears of it."""

from collections.abc import Iterator

import pytest

from tests.faults.mutants import notices
from tests.faults.pair import Pair, publishing
from tests.faults.processes import until
from tests.faults.proxy import Cut, Proxy

_COMMIT = "EVALSHA"


@pytest.fixture
def proxy(pair: Pair) -> Iterator[Proxy]:
    with Proxy(pair.redis.url.removeprefix("unix://")) as proxy:
        pair.environment["TALLY_REDIS"] = proxy.url
        yield proxy


@notices("error-skips-the-batch", "impatient")
def test_connections_break_before_a_commit_arrives(pair: Pair, proxy: Proxy) -> None:
    with publishing(pair.address):
        pair.start()
        pair.moves_on()
        proxy.cut(_COMMIT, Cut.BEFORE, times=5)
        until(lambda: proxy.has_cut_all)
        pair.moves_on()
    pair.is_exact()


@notices("written-again-blindly", "impatient")
def test_the_replies_to_commits_are_lost(pair: Pair, proxy: Proxy) -> None:
    with publishing(pair.address):
        pair.start()
        pair.moves_on()
        proxy.cut(_COMMIT, Cut.AFTER, times=5)
        until(lambda: proxy.has_cut_all)
        pair.moves_on()
    pair.is_exact()


@notices("stale-cache-kept")
def test_redis_is_slow_and_breaks_off_now_and_then(pair: Pair, proxy: Proxy) -> None:
    proxy.delay = 0.05
    with publishing(pair.address):
        worker = pair.start()
        for cut in (Cut.BEFORE, Cut.AFTER):
            pair.moves_on(500)
            proxy.cut(_COMMIT, cut)
            until(lambda: proxy.has_cut_all)
        proxy.cut("HMGET", Cut.AFTER)
        until(lambda: proxy.has_cut_all)
        pair.moves_on(500)
    pair.is_exact()
    assert worker.is_running
