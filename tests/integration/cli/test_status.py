"""`tally status` for people and for probes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.topics import EMAIL
from projections.generations import KEY, Generation
from projections.tables.embedded_redis import EmbeddedRedis
from tests.faults import mailer
from tests.integration.cli.conftest import Tally

RECORDS = 400


@pytest.fixture(autouse=True)
def server(tmp_path: Path) -> Iterator[redis.Redis]:
    """Joined for the whole test, so that not every command has to start it anew."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server, redis.Redis.from_url(server.url) as client:
        yield client


@pytest.fixture
def log(tmp_path: Path, tally: Tally) -> Iterator[SqliteLog]:
    """All of it is applied."""
    with SqliteLog(tmp_path / ".tally" / "log.db") as log:
        log.append(mailer.take(RECORDS))
        assert tally("worker", "--drain").returncode == 0
        yield log


def told(tally: Tally, *limits: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON, and what was said on standard error."""
    done = tally("status", "--json", *limits)
    return done.returncode, json.loads(done.stdout), done.stderr


def test_the_json_has_these_fields_and_is_healthy(tally: Tally, log: SqliteLog) -> None:
    code, found, complaint = told(tally, "--max-lag", "0", "--max-lag-seconds", "0")
    assert (code, complaint) == (0, "")
    assert set(found) == {
        *("account", "generation", "code_hash", "this_code", "last_commit", "last_commit_age_seconds"),
        *("applied", "end", "lag", "lag_seconds", "waiting", "orphan", "anomalies", "quarantined", "dead_letters"),
        *("partitions", "workers", "healthy", "unhealthy", "warnings"),
    }
    assert set(found["partitions"][0]) == {"topic", "partition", "begin", "applied", "end", "lag", "lag_seconds"}
    assert (found["applied"], found["lag"], found["this_code"], found["workers"]) == (RECORDS, 0, True, [])
    assert (found["healthy"], found["unhealthy"], found["warnings"]) == (True, [], [])
    assert 0 <= found["last_commit_age_seconds"] < 60


def test_before_the_first_worker_there_is_nothing_wrong(tally: Tally) -> None:
    code, found, _ = told(tally, "--max-lag", "0", "--max-quarantined", "0")
    assert (code, found["code_hash"], found["this_code"], found["last_commit_age_seconds"]) == (0, None, None, None)


def test_limits_that_are_exceeded_are_named_with_exit_code_1(tally: Tally, log: SqliteLog) -> None:
    log.append([NewRecord(EMAIL, b"default/c-1", b"no event")] * 3)
    assert told(tally)[0] == 0, "without limits a lag is no failure"
    code, found, complaint = told(tally, "--max-lag", "2")
    assert (code, found["healthy"], found["unhealthy"]) == (1, False, ["3 records behind the log, more than --max-lag 2"])
    assert complaint == "tally: 3 records behind the log, more than --max-lag 2\n"
    assert found["warnings"] == ["3 records wait, and no worker is running: start one (tally worker)"]
    assert told(tally, "--max-lag", "3")[0] == 0
    assert told(tally, "--max-lag-seconds", "0")[0] == 1
    assert tally("worker", "--drain").returncode == 0
    letters = found["dead_letters"]["open"] + 3
    assert told(tally, "--max-quarantined", str(letters))[0] == 0
    code, found, _ = told(tally, "--max-quarantined", str(letters - 1))
    assert (code, "tally quarantine list" in found["unhealthy"][0]) == (1, True)


def test_what_would_stop_a_worker_is_unhealthy_without_any_limit(tally: Tally, log: SqliteLog, server: redis.Redis) -> None:
    server.config_set("maxmemory-policy", "allkeys-lru")
    code, found, _ = told(tally)
    assert (code, "CONFIG SET maxmemory-policy noeviction" in found["unhealthy"][0]) == (1, True)
    server.config_set("maxmemory-policy", "noeviction")
    server.hset("tally:{1.0}:partition:2", f"offset:{EMAIL}", "100000")
    code, found, complaint = told(tally)
    assert (code, "email-events/2 ends at offset" in complaint) == (1, True)


def test_another_version_of_the_code_is_a_warning(tally: Tally, log: SqliteLog, server: redis.Redis) -> None:
    made = msgspec.json.decode(server.hget(KEY, "1") or b"", type=Generation)
    server.hset(KEY, "1", msgspec.json.encode(msgspec.structs.replace(made, code_hash="0123456789abcdef")))
    code, found, _ = told(tally)
    assert (code, found["code_hash"], found["this_code"]) == (0, "0123456789abcdef", False)
    assert "another version of the fold" in found["warnings"][0]
    done = tally("status")
    assert "of another version" in done.stdout
    assert done.stderr.startswith("warning: generation 1 was written by another version of the fold")


def test_a_redis_that_is_away_cannot_be_told_of(tally: Tally, tmp_path: Path) -> None:
    done = tally("status", "--json", "--redis", f"unix://{tmp_path}/nobody.sock")
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not answer" in done.stderr
