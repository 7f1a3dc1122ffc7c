"""The worker on the embedded log and a real Valkey."""

import re
import signal
import time
from pathlib import Path

import pytest
import redis

from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.topics import EMAIL, QUARANTINE, SOURCE_TOPICS
from projections import generations
from projections.dump import dump
from projections.tables.redis import RedisStore
from tests.faults import mailer
from tests.faults.processes import applied, refold, until
from tests.integration.streams.conftest import PARTITIONS, Start


async def test_a_drain_applies_all_and_ends_and_a_second_one_has_nothing_to_do(log: SqliteLog, store: RedisStore, start: Start) -> None:
    log.append(mailer.take(5000))
    first = start("--drain")
    assert first.wait() == 0
    assert applied(store, PARTITIONS) == 5000
    assert dump(store, PARTITIONS) == await refold(log)
    second = start("--drain")
    assert second.wait() == 0
    assert "nothing to drain" in second.log


def test_a_drain_of_an_empty_log_ends_at_once(log: SqliteLog, store: RedisStore, start: Start) -> None:
    worker = start("--drain")
    assert worker.wait() == 0
    assert applied(store, PARTITIONS) == 0


async def test_what_is_published_while_it_runs_is_applied_at_once(log: SqliteLog, store: RedisStore, start: Start) -> None:
    worker = start()
    worker.until_logged("reading partitions 0, 1, 2, 3 of every topic")
    for seed in range(5):
        log.append(mailer.take(50, seed))
        published = time.monotonic()
        until(lambda seed=seed: applied(store, PARTITIONS) == 50 * (seed + 1))  # type: ignore[misc]  # mypy cannot infer a lambda's default
        assert time.monotonic() - published < 2
    assert dump(store, PARTITIONS) == await refold(log)
    worker.until_logged("0 records behind")
    assert re.search(r"events/s, 0 records behind, last commit \d+\.\d s ago, 4 partitions", worker.log)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_under_load_and_the_next_one_goes_on(
    log: SqliteLog, store: RedisStore, start: Start, number: signal.Signals
) -> None:
    log.append(mailer.take(20_000))
    worker = start()
    until(lambda: applied(store, PARTITIONS) > 0)
    worker.signal(number)
    asked = time.monotonic()
    assert worker.wait() == 0
    assert time.monotonic() - asked < 5
    assert applied(store, PARTITIONS) < 20_000, "the signal came too late to show anything"
    assert start("--drain").wait() == 0
    assert dump(store, PARTITIONS) == await refold(log)


async def test_a_killed_worker_leaves_nothing_half_done_and_no_lock(log: SqliteLog, store: RedisStore, start: Start) -> None:
    log.append(mailer.take(20_000))
    worker = start()
    until(lambda: applied(store, PARTITIONS) > 0)
    worker.signal(signal.SIGKILL)
    worker.wait()
    assert applied(store, PARTITIONS) < 20_000, "the kill came too late to show anything"
    assert start("--drain").wait() == 0
    assert dump(store, PARTITIONS) == await refold(log)


async def test_a_redis_that_is_emptied_under_a_running_worker_is_filled_again(
    log: SqliteLog, store: RedisStore, start: Start, valkey: str
) -> None:
    log.append(mailer.take(500))
    start()
    until(lambda: applied(store, PARTITIONS) == 500)
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
    until(lambda: applied(store, PARTITIONS) == 500)
    assert dump(store, PARTITIONS) == await refold(log)
    until(lambda: generations.active(store) is not None)


def test_a_second_worker_is_refused_with_the_remedy(log: SqliteLog, store: RedisStore, start: Start) -> None:
    first = start()
    first.until_logged("reading partitions")
    second = start()
    assert second.wait() == 1
    assert re.search(
        r"ERROR tally.worker: another worker \(process \d+\) already reads the log .*TALLY_LOG=kafka://", second.log.splitlines()[-1]
    )
    assert first.is_running


@pytest.mark.parametrize("fault", ["once", "afterwards"])
async def test_a_batch_that_raises_once_is_applied_once(log: SqliteLog, store: RedisStore, start: Start, fault: str) -> None:
    log.append(mailer.take(6000))
    worker = start("--drain", settings={"FAULT": fault})
    assert worker.wait() == 0
    assert f"RuntimeError: raised {fault}" in worker.log
    assert dump(store, PARTITIONS) == await refold(log)


def test_what_is_no_event_is_in_the_quarantine_with_its_bytes_and_its_place(log: SqliteLog, store: RedisStore, start: Start) -> None:
    (place,) = log.append([NewRecord(EMAIL, b"default/c-1", b"\xffnonsense", (("trace", b"t-1"),))])
    assert start("--drain").wait() == 0
    found = [record for partition in range(PARTITIONS) for record in log.read(QUARANTINE, partition, 0, 10)]
    assert [(record.key, record.value, record.headers[0]) for record in found] == [(b"default/c-1", b"\xffnonsense", ("trace", b"t-1"))]
    headers = dict(found[0].headers)
    assert headers["tally-id"] == f"email-events/{place.partition}/{place.offset}".encode()
    assert headers["tally-reason"] == b"not_json"
    assert dump(store, PARTITIONS)[""]["quarantined"] == {"not_json": 1}


def test_a_wrong_address_is_an_error_and_not_waited_for(log: SqliteLog, store: RedisStore, start: Start) -> None:
    worker = start(settings={"TALLY_LOG": "somewhere://else"})
    assert worker.wait() == 1
    assert "TALLY_LOG='somewhere://else' is not the address of a log" in worker.log.splitlines()[-1]


def test_a_worker_that_waits_for_redis_can_be_ended(log: SqliteLog, start: Start, tmp_path: Path) -> None:
    worker = start(settings={"TALLY_REDIS": f"unix://{tmp_path}/nobody.sock"})
    worker.until_logged("waiting for Redis")
    worker.signal(signal.SIGTERM)
    assert worker.wait(5) == 0


def test_every_source_topic_is_read(log: SqliteLog, store: RedisStore, start: Start) -> None:
    log.append([NewRecord(topic, b"k", b"no event") for topic in SOURCE_TOPICS])
    assert start("--drain").wait() == 0
    assert applied(store, PARTITIONS) == len(SOURCE_TOPICS)
