"""The faults of the soak. Each says what it needs to be so, what is so after it, and what is so no more."""

import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from random import Random
from time import sleep
from typing import Final

from events.log.embedded_kafka import EmbeddedKafka
from events.log.record import NewRecord
from events.topics import EMAIL
from projections import generations
from tests.faults.pair import Pair
from tests.faults.processes import until
from tests.faults.proxy import Cut, Proxy
from tests.faults.zygote import Fork

WORKER: Final = "a worker runs"
NO_WORKER: Final = "no worker runs"
REDIS: Final = "redis runs"
NO_REDIS: Final = "redis is down"
WRITES: Final = "redis takes writes"
NO_WRITES: Final = "redis takes no writes"
LOG: Final = "the log answers"
NO_LOG: Final = "the log is down"
ON_KAFKA: Final = "on kafka"
ON_SQLITE: Final = "on sqlite"
ALL_IS_WELL: Final = frozenset({WORKER, REDIS, WRITES, LOG})


@dataclass
class Scene:
    """What there is to break."""

    pair: Pair
    proxy: Proxy
    random: Random
    records: list[NewRecord]
    """Those that are published again and again."""
    kafka: EmbeddedKafka | None = None
    worker: Fork | None = None

    @property
    def running(self) -> Fork:
        assert self.worker is not None
        return self.worker

    def publish(self, number: int) -> None:
        """Again: what a mailer does that is not sure."""
        self.pair.append(self.random.choices(self.records, k=number))


@dataclass(frozen=True)
class Fault:
    """`mends`: it makes something well again, and is chosen the sooner."""

    name: str
    act: Callable[[Scene], None]
    needs: frozenset[str]
    provides: frozenset[str]
    ends: frozenset[str]
    mends: bool


FAULTS: Final[list[Fault]] = []


def fault(
    *needs: str, provides: str | None = None, ends: str | None = None, mends: bool = False
) -> Callable[[Callable[[Scene], None]], None]:
    def declare(act: Callable[[Scene], None]) -> None:
        name = act.__name__.replace("_", " ")
        FAULTS.append(Fault(name, act, frozenset(needs), _set(provides), _set(ends), mends))

    return declare


def _set(one: str | None) -> frozenset[str]:
    return frozenset() if one is None else frozenset({one})


@fault(NO_WORKER, provides=WORKER, ends=NO_WORKER, mends=True)
def a_worker_is_started(scene: Scene) -> None:
    started = scene.worker = scene.pair.start()
    until(lambda: started.log)  # from then on it takes signals


@fault(WORKER, provides=NO_WORKER, ends=WORKER)
def the_worker_is_killed(scene: Scene) -> None:
    scene.running.end()


@fault(WORKER, provides=NO_WORKER, ends=WORKER)
def the_worker_is_asked_to_end(scene: Scene) -> None:
    scene.running.signal(signal.SIGTERM)
    assert scene.running.wait() == 0, scene.running.log[-2000:]


@fault(WORKER, LOG)
def the_worker_is_paused_and_woken(scene: Scene) -> None:
    scene.running.signal(signal.SIGSTOP)
    scene.publish(100)
    sleep(scene.random.uniform(0.1, 0.6))
    scene.running.signal(signal.SIGCONT)


@fault(REDIS, WRITES, provides=NO_REDIS, ends=REDIS)
def redis_is_killed(scene: Scene) -> None:
    scene.pair.redis.kill()


@fault(NO_REDIS, provides=REDIS, ends=NO_REDIS, mends=True)
def redis_is_started(scene: Scene) -> None:
    scene.pair.redis.start()


@fault(NO_REDIS, WRITES)
def redis_loses_its_tail(scene: Scene) -> None:
    files = sorted((scene.pair.redis.folder / "appendonlydir").glob("*.incr.aof"), key=lambda file: file.stat().st_mtime)
    size = files[-1].stat().st_size
    os.truncate(files[-1], size - scene.random.randint(0, min(size, 20_000)))


@fault(REDIS, WRITES, WORKER)
def redis_is_wiped(scene: Scene) -> None:
    scene.pair.client.flushall()


@fault(REDIS, WRITES, provides=NO_WRITES, ends=WRITES)
def redis_is_full(scene: Scene) -> None:
    scene.pair.client.config_set("maxmemory", 1)


@fault(REDIS, WRITES, provides=NO_WRITES, ends=WRITES)
def redis_becomes_a_replica(scene: Scene) -> None:
    scene.pair.client.replicaof("127.0.0.1", "1")


@fault(REDIS, NO_WRITES, provides=WRITES, ends=NO_WRITES, mends=True)
def redis_takes_writes_again(scene: Scene) -> None:
    scene.pair.client.config_set("maxmemory", 0)
    scene.pair.client.replicaof("NO", "ONE")


@fault(REDIS, LOG)
def redis_is_slow(scene: Scene) -> None:
    scene.proxy.delay = 0.03
    scene.publish(200)
    sleep(0.5)
    scene.proxy.delay = 0.0


@fault(WORKER, REDIS, WRITES)
def connections_break_before_a_commit(scene: Scene) -> None:
    scene.proxy.cut("EVALSHA", Cut.BEFORE, scene.random.randint(1, 3))


@fault(WORKER, REDIS, WRITES)
def replies_to_commits_are_lost(scene: Scene) -> None:
    scene.proxy.cut("EVALSHA", Cut.AFTER, scene.random.randint(1, 3))


@fault(LOG)
def bad_records_come(scene: Scene) -> None:
    scene.pair.append([record._replace(topic=EMAIL, value=b"not an event") for record in scene.random.choices(scene.records, k=50)])


@fault(LOG, ON_SQLITE)
def the_log_is_locked(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.pair.folder / "log.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        sleep(scene.random.uniform(0.1, 0.5))
        other.execute("ROLLBACK")


@fault(WORKER, REDIS, WRITES, LOG)
def the_generation_is_made_anew(scene: Scene) -> None:
    pair = scene.pair
    before = listed(scene)
    if before.active is None:  # wiped, and not begun again
        return
    for number in before.generations.keys() - {before.active}:  # of which Redis has forgotten that it was done with
        assert pair.begin("drop", str(number)).wait() == 0
    assert pair.begin("rebuild", "begin").wait(120) == 0
    for action, number in (("cutover", max(listed(scene).generations)), ("drop", before.active)):
        assert pair.begin(action, str(number)).wait() == 0


def listed(scene: Scene) -> generations.Known:
    (fields,) = scene.pair.store.read([("HGETALL", generations.KEY)])
    return generations.read_known(fields)


@fault(LOG, ON_KAFKA, provides=NO_LOG, ends=LOG)
def the_broker_is_killed(scene: Scene) -> None:
    assert scene.kafka is not None
    scene.kafka.kill()


@fault(NO_LOG, ON_KAFKA, provides=LOG, ends=NO_LOG, mends=True)
def the_broker_is_started(scene: Scene) -> None:
    assert scene.kafka is not None
    scene.kafka.start()
