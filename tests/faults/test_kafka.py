"""Workers die at named moments and come and go in a storm of rebalances, and a mailer is killed: on a real Kafka."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import sleep

import pytest

from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.record import NewRecord
from events.topics import EMAIL
from projections.moments import Moment
from tests.faults.mutants import notices
from tests.faults.pair import Pair, publishing
from tests.faults.processes import until
from tests.faults.publisher_process import acknowledged, digest
from tests.faults.zygote import KILLED, Fork, Zygote

LONG = "TALLY_TEST_LONG" in os.environ
_MOST_WORKERS = 3
_MOMENTS = {
    Moment.ASSIGNED: 1,
    Moment.FETCHED: 2,
    Moment.FOLDED: 2,
    Moment.SET_ASIDE: 1,
    Moment.COMMITTING: 2,
    Moment.COMMITTED: 2,
}
"""The moment -> at the how manyth time that a worker comes there it dies."""

pytestmark = pytest.mark.timeout(300 if LONG else 120)


@pytest.fixture
def pair(kafka: EmbeddedKafka, kafka_log: KafkaLog, tmp_path: Path, zygote: Zygote, mutant: str | None) -> Iterator[Pair]:
    """The Kafka of all tests, with fresh topics, and a Valkey."""
    with Pair(tmp_path, zygote, mutant, f"kafka://{kafka.bootstrap}") as pair:
        yield pair


@notices("offsets-first", "positions-of-kafka")
def test_a_worker_dies_at_every_moment_at_which_it_matters(pair: Pair) -> None:
    same = {"TALLY_WORKER_ID": "the-same"}  # so that nobody waits for the session of the dead one
    for number, (moment, count) in enumerate(_MOMENTS.items()):
        pair.publish(400, seed=number)
        pair.append([NewRecord(EMAIL, key, b"not an event") for key in (b"default/1", b"default/2", b"default/3")])
        worker = pair.start(settings=same, moment=moment, count=count)
        assert worker.wait() == KILLED, worker.log
        assert "refused" not in worker.log  # it went on exactly where the dead one had stopped
        pair.is_exact_so_far()
    pair.start(settings=same)
    pair.is_exact()


@notices("stale-cache-kept")
def test_workers_come_and_go_all_the_time(pair: Pair) -> None:
    random = Random(3)
    workers: list[Fork] = []
    with publishing(pair.address):
        for _ in range(40 if LONG else 8):
            if len(workers) < _MOST_WORKERS and (not workers or random.random() < 0.6):
                workers.append(pair.start())
            else:
                leaving = workers.pop(random.randrange(len(workers)))
                leaving.signal(random.choice((signal.SIGTERM, signal.SIGTERM, signal.SIGKILL)))
            sleep(2)
        if not workers:
            pair.start()
        pair.moves_on()
    pair.is_exact()


@notices("acknowledged-too-early")
def test_a_mailer_is_killed_in_mid_batch(pair: Pair) -> None:
    pair.start()
    mailers = [pair.begin("publish", str(seed)) for seed in range(2)]
    until(lambda: all(one.log for one in mailers))
    sleep(1)
    mailers[0].signal(signal.SIGKILL)
    assert mailers[0].wait() == KILLED
    pair.moves_on(500)
    mailers[1].end()
    told = acknowledged("".join(one.log for one in mailers))
    assert len(told) > 500
    assert told <= set(map(digest, pair.records()))
    pair.is_exact()
