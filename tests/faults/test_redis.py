"""Redis is killed, set back, wiped, full, or takes no writes, under a worker on the embedded pair: the numbers are right in the end."""

import os
import signal
from random import Random
from typing import Any

import pytest

from streams.verify import verify
from tests.faults.mutants import at_work, notices
from tests.faults.pair import Pair, publishing
from tests.faults.processes import until

pytestmark = pytest.mark.timeout(90)


@notices("impatient", "error-skips-the-batch")
def test_redis_is_killed_and_started_again_under_load(pair: Pair) -> None:
    with publishing(pair.address):
        worker = pair.start()
        pair.moves_on()
        pair.redis.kill()
        worker.until_logged("waiting: Redis")
        pair.redis.start()
        pair.moves_on()
    pair.is_exact()
    assert worker.is_running


@pytest.mark.parametrize("seed", range(3))
@notices("store-not-looked-at")
def test_the_tail_of_the_append_only_file_is_lost_while_nothing_comes(pair: Pair, seed: int) -> None:
    pair.start()
    for part in range(4):
        pair.publish(400, seed=part)
        pair.is_applied()
    lose_a_tail(pair, Random(seed))
    pair.is_exact()


@notices("error-skips-the-batch")
def test_the_tail_of_the_append_only_file_is_lost_under_load(pair: Pair) -> None:
    with publishing(pair.address):
        pair.start()
        pair.moves_on()
        lose_a_tail(pair, Random(7))
        pair.moves_on()
    pair.is_exact()


def lose_a_tail(pair: Pair, random: Random) -> None:
    """As a crash does that comes before the last writes have reached the disk: Redis is killed, and its file ends anywhere."""
    pair.redis.kill()
    (file,) = (pair.redis.folder / "appendonlydir").glob("*.incr.aof")
    size = file.stat().st_size
    os.truncate(file, size - random.randint(1, size // 2))
    pair.redis.start()


@notices("fence-off")
def test_redis_is_wiped_under_load(pair: Pair) -> None:
    with publishing(pair.address):
        worker = pair.start()
        pair.moves_on()
        pair.client.flushall()
        until(lambda: pair.applied > 0)
        pair.moves_on()
    pair.is_exact()
    assert worker.is_running


@notices("lost-keys-ignored")
def test_a_generation_that_has_lost_a_partition_ends_the_worker(pair: Pair) -> None:
    pair.publish(500)
    worker = pair.start()
    pair.is_exact()
    pair.client.delete("tally:{1.0}:partition:2")
    assert worker.wait(10) == 1
    assert "of partition 2 nothing is there: Redis has lost keys. Restore Redis from its backup" in worker.log.splitlines()[-1]


@notices("verify-without-partitions", "verify-without-counters")
def test_any_other_key_that_is_lost_is_found_by_verify(pair: Pair, mutant: str | None) -> None:
    pair.publish(500)
    assert pair.start("--drain").wait() == 0
    keys: Any = pair.client.keys("tally:{1.0}:*")
    assert len(keys) > 20
    for key in keys:
        if b":partition:" not in key:
            kept: Any = pair.client.dump(key)
            pair.client.delete(key)
            with at_work(mutant):
                assert not verify(pair.store, pair.log).clean, key
            pair.client.restore(key, 0, kept)
    pair.is_exact()


@notices("impatient")
def test_redis_takes_no_writes_for_a_while(pair: Pair) -> None:
    worker = pair.start()
    pair.publish(500)
    pair.is_applied()
    pair.client.replicaof("127.0.0.1", "1")  # where no primary is
    pair.publish(500, seed=1)
    worker.until_logged("takes no writes")
    pair.is_exact_so_far()
    pair.client.replicaof("NO", "ONE")
    pair.is_exact()


@notices("impatient")
def test_redis_is_full_for_a_while(pair: Pair) -> None:
    worker = pair.start()
    pair.publish(500)
    pair.is_applied()
    pair.client.config_set("maxmemory", 1)
    pair.publish(500, seed=1)
    worker.until_logged("is full")
    pair.is_exact_so_far()
    pair.client.config_set("maxmemory", 0)
    pair.is_exact()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
