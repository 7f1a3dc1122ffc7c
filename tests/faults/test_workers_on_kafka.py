"""Several workers on a real Kafka, while mailers go on publishing: nothing may be lost or counted twice, whatever happens to them."""

import asyncio
import os
import re
import signal
from pathlib import Path
from time import monotonic

import pytest
from kafka import KafkaAdminClient, TopicPartition

from events.log.embedded_kafka import EmbeddedKafka
from events.log.kafka import KafkaLog
from events.log.port import Log
from events.settings import LogSettings
from events.topics import EMAIL, MEETING, SOURCE_TOPICS
from projections.dump import dump
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.redis import RedisStore
from streams.verify import verify
from tests.conftest import PARTITIONS, remake_topics
from tests.faults import mailer
from tests.faults.conftest import Start
from tests.faults.hold import Hold
from tests.faults.mutants import notices
from tests.faults.pair import publishing
from tests.faults.processes import applied, refold, until
from tests.faults.zygote import Fork

ALL = set(range(PARTITIONS))
_SESSION_TIMEOUT = 6
LONG = "TALLY_TEST_LONG" in os.environ

pytestmark = pytest.mark.timeout(240 if LONG else 120)


async def assert_exact(log: Log, store: RedisStore, *, whole: bool = True) -> None:
    """The workers come to the log's end, and the store is what the log says: folded anew, and, of a whole log, recounted in another way."""
    total = sum(log.ends(SOURCE_TOPICS).values())
    until(lambda: applied(store, PARTITIONS) == total, 40, lambda: f"{applied(store, PARTITIONS)} of {total} records applied")
    assert dump(store, PARTITIONS) == await refold(log)
    assert not whole or verify(store, log).differences == []


def moves_on(store: RedisStore, records: int = 2000) -> None:
    """Wait until so many records more are applied."""
    now = applied(store, PARTITIONS)
    until(lambda: applied(store, PARTITIONS) >= now + records)


def partitions_read(worker: Fork) -> set[int]:
    """Of every topic, by the last assignment it has logged; none where the others share all of them."""
    told = re.findall(r"tally.worker: reading (.*)", worker.log)
    if not told or told[-1].startswith("no partitions"):
        return set()
    found = re.fullmatch(r"partitions (.*) of every topic", told[-1])
    assert found, told[-1]
    return set(map(int, found[1].split(", ")))


def has_members(admin: KafkaAdminClient, group: str, count: int) -> bool:
    """Whether so many workers are in the consumer group, and its partitions are assigned."""
    described = admin.describe_groups([group])[group]
    return described["group_state"] == "Stable" and len(described["members"]) == count


def are_shared(*workers: Fork) -> bool:
    """Whether these workers read all partitions, and each of them is read by one."""
    return sorted(number for worker in workers for number in partitions_read(worker)) == sorted(ALL)


@notices("fence-off")
async def test_a_second_worker_joins_while_the_first_one_has_commits_in_hand(
    kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore, hold: Hold
) -> None:
    with publishing(f"kafka://{kafka.bootstrap}"):
        first = start(settings=hold.settings)
        moves_on(store)
        hold.begin(first, ALL)
        second = start()
        second.until_logged("of every topic")
        until(lambda: are_shared(first, second))
        moves_on(store)  # by the second one alone, in partitions of which the first one holds a commit
        hold.end()
        moves_on(store)
    await assert_exact(kafka_log, store)
    assert are_shared(first, second)
    assert "refused" in first.log
    for worker in (first, second):
        worker.signal(signal.SIGTERM)
    assert [first.wait(), second.wait()] == [0, 0]


@notices("stale-cache-kept")
async def test_one_of_two_workers_is_killed(kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    with publishing(f"kafka://{kafka.bootstrap}"):
        survivor = start()
        moves_on(store)  # so that it knows contacts of all partitions, and finds half of them changed when they come back to it
        killed = start()
        killed.until_logged("of every topic")
        until(lambda: are_shared(killed, survivor))
        moves_on(store)
        killed.signal(signal.SIGKILL)
        killed.wait()
        until(lambda: partitions_read(survivor) == ALL, 2.5 * _SESSION_TIMEOUT)
        moves_on(store)
    await assert_exact(kafka_log, store)


@notices("fence-off")
async def test_a_worker_sleeps_past_its_session_and_wakes(
    kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore, hold: Hold
) -> None:
    with publishing(f"kafka://{kafka.bootstrap}"):
        sleeper, survivor = start(settings=hold.settings), start()
        for worker in (sleeper, survivor):
            worker.until_logged("of every topic")
        until(lambda: are_shared(sleeper, survivor))
        moves_on(store)
        hold.begin(sleeper, partitions_read(sleeper))
        sleeper.signal(signal.SIGSTOP)
        until(lambda: partitions_read(survivor) == ALL, 2.5 * _SESSION_TIMEOUT)
        moves_on(store)
        hold.end()
        sleeper.signal(signal.SIGCONT)  # and the first that it does is to commit what it holds
        until(lambda: are_shared(sleeper, survivor))
        moves_on(store)
    await assert_exact(kafka_log, store)
    assert "refused" in sleeper.log
    assert sleeper.is_running


@notices("error-skips-the-batch")
async def test_a_batch_that_raises_once_is_applied_once(kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    kafka_log.append(mailer.take(20_000))
    worker = start("--drain", settings={"FAULT": "once"})
    assert worker.wait() == 0
    assert "RuntimeError: raised once" in worker.log
    await assert_exact(kafka_log, store)


@notices("positions-remembered")
async def test_a_batch_that_raises_when_it_is_written_is_not_applied_again(kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    kafka_log.append(mailer.take(20_000))
    worker = start("--drain", settings={"FAULT": "afterwards"})
    assert worker.wait(20) == 0
    assert "RuntimeError: raised afterwards" in worker.log
    await assert_exact(kafka_log, store)


@notices("batches-in-hand-dropped")
async def test_a_worker_is_asked_to_end_under_load(
    kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore, hold: Hold
) -> None:
    with publishing(f"kafka://{kafka.bootstrap}"):
        first = start(settings=hold.settings)
        moves_on(store)
        hold.begin(first, ALL)
        before = applied(store, PARTITIONS)
        first.signal(signal.SIGTERM)
        asked = monotonic()
        await asyncio.sleep(0.5)
        hold.end()
        assert first.wait() == 0
        assert monotonic() - asked < 5
        assert applied(store, PARTITIONS) > before  # what it had in hand is written
        assert "WARNING" not in first.log
        second = start()
        moves_on(store)
    assert "refused" not in second.log  # it went on exactly where the first had stopped
    await assert_exact(kafka_log, store)
    second.signal(signal.SIGINT)
    assert second.wait() == 0


@notices("impatient")
async def test_a_broker_that_is_away_comes_back(kafka_outage: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    kafka_log.append(mailer.take(3000))
    kafka_outage.kill()
    worker = start(settings={"TALLY_KAFKA_TIMEOUT": "1"})
    worker.until_logged("waiting for the log")
    await asyncio.sleep(1.5)
    assert applied(store, PARTITIONS) == 0
    kafka_outage.start()
    until(lambda: applied(store, PARTITIONS) == 3000, 40)
    kafka_outage.kill()
    await asyncio.sleep(60 if LONG else 2)
    kafka_outage.start()
    kafka_log.append(mailer.take(1000, seed=1))
    await assert_exact(kafka_log, store)
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


@notices("farewell-without-end")
async def test_a_worker_is_asked_to_end_while_the_broker_is_away(
    kafka_outage: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore
) -> None:
    kafka_log.append(mailer.take(500))
    worker = start()
    until(lambda: applied(store, PARTITIONS) == 500)
    kafka_outage.kill()
    worker.until_logged("the log does not answer")
    worker.signal(signal.SIGTERM)
    assert worker.wait(20) == 0


@notices("topics-torn-apart")
async def test_three_workers_keep_the_partition_numbers_of_all_topics_together(
    kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore, environment: dict[str, str]
) -> None:
    workers = [start() for _ in range(3)]
    until(lambda: any("tally.worker: reading" in worker.log for worker in workers))  # now the group is there
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        until(lambda: has_members(admin, environment["TALLY_GROUP"], 3), timeout=60)
    # Whoever has a fair share keeps it, so of three who do not come at once the last may have none, and then says nothing of reading.
    until(lambda: are_shared(*workers) and max(len(partitions_read(worker)) for worker in workers) == 2)
    kafka_log.append(mailer.take(5000))
    await assert_exact(kafka_log, store)


@notices("drain-wants-records")
async def test_a_drain_of_an_empty_log_ends_at_once(kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    worker = start("--drain")
    assert worker.wait(10) == 0
    assert "nothing to drain" in worker.log
    assert applied(store, PARTITIONS) == 0


@notices("drain-ends-early")
async def test_two_drains_share_the_work(kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    kafka_log.append(mailer.take(20_000))
    workers = [start("--drain"), start("--drain")]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert applied(store, PARTITIONS) == 20_000
    await assert_exact(kafka_log, store)


@notices("never-gives-up")
async def test_a_batch_that_always_raises_ends_the_worker(kafka_log: KafkaLog, start: Start, store: RedisStore) -> None:
    kafka_log.append(mailer.take(100))
    worker = start("--drain", settings={"FAULT": "always", "TALLY_ATTEMPTS": "2"})
    assert worker.wait() == 1
    assert re.search(
        r"ERROR tally.worker: partition \d failed 2 times in a row, lastly \S+ from offset 0.*: RuntimeError: raised again",
        worker.log.splitlines()[-1],
    )


@notices("absent-topics-are-empty")
async def test_a_topic_that_is_absent_ends_the_worker(kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.delete_topics([MEETING])
    worker = start("--drain")
    assert worker.wait() == 1
    assert re.search(r"ERROR tally.worker: .*meeting-events.*tally topics create", worker.log.splitlines()[-1])


@notices("topics-not-checked")
async def test_topics_with_another_number_of_partitions_end_the_worker(kafka_log: KafkaLog, start: Start) -> None:
    worker = start("--drain", settings={"TALLY_PARTITIONS": "5"})
    assert worker.wait() == 1
    assert re.search(r"ERROR tally.worker: .*5", worker.log.splitlines()[-1])


@notices("holes-ignored")
async def test_a_log_that_was_made_anew_ends_the_worker(kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start) -> None:
    kafka_log.append(mailer.take(500))
    assert start("--drain").wait() == 0
    remake_topics(kafka.bootstrap, PARTITIONS)
    with KafkaLog(kafka.bootstrap, LogSettings(kafka_timeout=10)) as log:
        log.append(mailer.take(20))
    worker = start()
    assert worker.wait() == 1
    assert re.search(r"ERROR tally.worker: \S+ ends at offset \d+, before \d+, up to which it was applied", worker.log.splitlines()[-1])


@notices("another-log-taken")
async def test_a_log_that_was_made_anew_and_is_longer_than_the_old_one_ends_the_worker(
    kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start
) -> None:
    kafka_log.append(mailer.take(500))
    assert start("--drain").wait() == 0
    remake_topics(kafka.bootstrap, PARTITIONS)
    with KafkaLog(kafka.bootstrap, LogSettings(kafka_timeout=10)) as log:
        log.append(mailer.take(2000))
    worker = start("--drain")
    assert worker.wait() == 1
    assert re.search(
        r"ERROR tally.worker: \S+ holds another record at offset \d+ than the one that was applied, .*: tally rebuild, then tally cutover",
        worker.log.splitlines()[-1],
    )


@notices("holes-ignored")
async def test_a_log_whose_beginning_is_gone_ends_the_worker_unless_gaps_are_allowed(
    kafka: EmbeddedKafka, kafka_log: KafkaLog, start: Start, store: RedisStore
) -> None:
    kafka_log.append(mailer.take(2000))
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap) as admin:
        admin.delete_records({TopicPartition(EMAIL, 2): 10})
    worker = start()
    assert worker.wait() == 1
    assert "email-events/2 begins at offset 10, behind 0" in worker.log.splitlines()[-1]
    assert start("--drain", settings={"TALLY_ALLOW_GAPS": "true"}).wait() == 0
    await assert_exact(kafka_log, store, whole=False)


@notices("impatient")
async def test_a_redis_that_is_away_comes_back(kafka_log: KafkaLog, start: Start, tmp_path: Path) -> None:
    kafka_log.append(mailer.take(3000))
    with EmbeddedRedis(tmp_path / "redis") as redis, RedisStore(redis.url) as store:
        redis.kill()
        worker = start(settings={"TALLY_REDIS": redis.url})
        worker.until_logged("waiting for Redis")
        redis.start()
        until(lambda: applied(store, PARTITIONS) == 3000)
        redis.kill()
        kafka_log.append(mailer.take(2000, seed=1))
        until(lambda: worker.log.count("waiting") > 2)
        redis.start()
        await assert_exact(kafka_log, store)
        redis.kill()
        worker.signal(signal.SIGTERM)
        assert worker.wait(5) == 0
        redis.start()
