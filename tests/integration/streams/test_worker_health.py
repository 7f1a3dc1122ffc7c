"""A worker that tells how it is: to Prometheus, to probes, to other programs; and one that is stuck."""

import re
import signal
import socket
import urllib.request

from events.log.sqlite import SqliteLog
from projections.presence import Presence, present
from projections.tables.redis import RedisStore, RedisWritableStore
from tests.faults import mailer
from tests.faults.processes import applied, until
from tests.integration.streams.conftest import PARTITIONS, Start


def ask(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
        return str(response.read().decode())


def number(port: int, name: str) -> float:
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", ask(port, "/metrics"), re.MULTILINE)
    return float(found)


async def workers(url: str) -> list[Presence]:
    store = RedisWritableStore(url)
    try:
        return await present(store)
    finally:
        await store.aclose()


async def test_what_a_worker_tells_while_it_runs_and_after(log: SqliteLog, store: RedisStore, start: Start, valkey: str) -> None:
    log.append(mailer.take(3000))
    worker = start(settings={"TALLY_METRICS_PORT": "0", "TALLY_WORKER_ID": "w-7"})
    worker.until_logged("answering http://127.0.0.1:")
    (port,) = map(int, re.findall(r"answering http://127\.0\.0\.1:(\d+)/metrics", worker.log))
    until(lambda: applied(store, PARTITIONS) == 3000)
    assert ask(port, "/healthz") == "alive\n"
    worker.until_logged("0 records behind")
    assert ask(port, "/readyz") == "ready\n"
    events = number(port, "tally_events_total")
    assert number(port, 'tally_quarantined_total{reason="not_json"}') + events <= 3000  # tombstones are neither
    assert number(port, "tally_commit_records_sum") == 3000
    assert number(port, "tally_commit_seconds_count") == number(port, "tally_commit_records_count") > 0
    assert number(port, "tally_event_to_visible_seconds_count") > 0
    assert number(port, "tally_log_to_visible_seconds_count") > 0
    assert number(port, 'tally_contacts_total{found="nowhere"}') > 0
    assert number(port, 'tally_lag_records{partition="3",topic="email-events"}') == 0
    assert number(port, "tally_partitions") == PARTITIONS
    (one,) = await workers(valkey)
    assert (one.id, one.generation, one.partitions, one.applied) == ("w-7", 1, [0, 1, 2, 3], events)
    assert one.committed_at is not None
    assert one.started_at <= one.committed_at
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert await workers(valkey) == []


def test_a_port_that_is_taken_is_an_error_that_names_the_remedy(log: SqliteLog, store: RedisStore, start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        worker = start(settings={"TALLY_METRICS_PORT": str(taken.getsockname()[1])})
        assert worker.wait() == 1
    assert "a port of its own, or 0" in worker.log.splitlines()[-1]


async def test_a_consumer_that_stops_delivering_ends_the_worker_and_the_next_one_goes_on(
    log: SqliteLog, store: RedisStore, start: Start
) -> None:
    log.append(mailer.take(6000))
    worker = start(settings={"FAULT": "silent", "TALLY_STUCK_AFTER": "3", "TALLY_MAX_BATCH": "100"})
    assert worker.wait(60) == 1
    assert re.search(
        r"ERROR tally.worker: [a-z-]+/\d holds records from offset \d+ on, and for 3 s none was applied", worker.log.splitlines()[-1]
    )
    assert applied(store, PARTITIONS) < 6000
    assert start("--drain").wait(60) == 0
    assert applied(store, PARTITIONS) == 6000
