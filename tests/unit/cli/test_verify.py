"""tally verify and tally diff: what they print, and their exit codes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
from events.partitioner import partition_for
from events.topics import record_key
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.layout import SEPARATOR
from tests.folding import event_of
from tests.history_log import projected_into_redis
from tests.stories import event, story
from tests.unit.cli.conftest import Tally

SENT = f"tally:{{1.0}}:sequence:default{SEPARATOR}s-1"


def publish(log: SqliteLog, *events: dict[str, object]) -> None:
    judged = [event_of(one) for one in events]
    log.append([NewRecord(one.topic, one.key, one.to_json()) for one in judged])


@pytest.fixture
def client(tmp_path: Path) -> Iterator[redis.Redis]:
    """A client of the Redis that holds generation 1, and generation 2 in which the last event is missing."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server, SqliteLog(tmp_path / ".tally" / "log.db") as log:
        publish(log, *(one for number in range(60) for one in story(f"c-{number}")))
        projected_into_redis(log, server.url, number=2)
        publish(log, event("email.opened", "10:30", contact_id="c-7", message_id="m-1"))
        projected_into_redis(log, server.url, number=1)
        with redis.Redis.from_url(server.url) as client:
            client.hset("tally:generations", "active", "1")
            yield client


def test_a_clean_projection_is_exit_0(tally: Tally, client: redis.Redis) -> None:
    outcome = tally("verify")
    assert (outcome.code, outcome.err) == (0, "")
    for told in ("generation 1 against the log", "0, 1, 2, 3", "661", "60", "120", "events/s", "clean"):
        assert told in outcome.out
    found = json.loads(tally("verify", "--json").out)
    assert (found["clean"], found["events"], found["contacts"], found["enrollments"]) == (True, 661, 60, 120)
    assert (found["differences"], found["not_compared"], found["sample_seed"]) == ([], [], None)


def test_a_difference_is_exit_1_and_named(tally: Tally, client: redis.Redis) -> None:
    client.hincrby(SENT, "total.sent", 1)
    outcome = tally("verify")
    assert outcome.code == 1
    (line,) = (line.split() for line in outcome.out.splitlines() if "total.sent" in line)
    assert line == ["sequence", "default", "s-1", "total.sent", "61", "60"]
    outcome = tally("verify", "--json")
    assert outcome.code == 1
    assert json.loads(outcome.out)["differences"] == [
        {
            "table": "sequence",
            "account": "default",
            "contact": None,
            "sequence": "s-1",
            "enrollment": None,
            "partition": None,
            "cell": "total.sent",
            "stored": 61,
            "expected": 60,
        }
    ]
    assert tally("verify", "--sequence", "s-1").code == 1
    assert tally("verify", "--sequence", "s-2").code == 0
    assert tally("verify", "--contact", "c-7").code == 0
    assert tally("verify", "--partitions", "0,3").code == 0
    assert tally("verify", "--generation", "2").code == 0


def test_people_see_the_first_differences_and_programs_all(tally: Tally, client: redis.Redis) -> None:
    for key in client.keys("tally:{1.0}:shared:*"):
        client.delete(key)
    outcome = tally("verify")
    assert "60 differences, the first 50 of them" in outcome.out
    assert sum("shared" in line for line in outcome.out.splitlines()) == 50
    assert len(json.loads(tally("verify", "--json").out)["differences"]) == 60


def test_a_sample_can_be_taken_again_by_its_seed(tally: Tally, client: redis.Redis) -> None:
    first = json.loads(tally("verify", "--sample", "50", "--json").out)
    again = json.loads(tally("verify", "--sample", "50", "--seed", str(first["sample_seed"]), "--json").out)
    assert 0 < first["contacts"] == again["contacts"] < 60
    assert first["not_compared"] == ["states and rows of contacts outside a sample of 50 %"]
    assert str(first["sample_seed"]) in tally("verify", "--sample", "50", "--seed", str(first["sample_seed"])).out


def test_generations_at_different_positions(tally: Tally, client: redis.Redis) -> None:
    outcome = tally("diff", "1", "2")
    assert (outcome.code, outcome.err) == (0, "")
    for told in ("one is 1 records behind the other", "equal in all that was compared", "default/c-7 s-1/e-1", "not compared: counters"):
        assert told in outcome.out
    found = json.loads(tally("diff", "2", "1", "--json").out)
    assert (found["equal"], found["set_aside"], found["contacts"], found["differences"]) == (True, 1, 59, [])
    assert found["moved"] == [{"account": "default", "contact": "c-7", "sequence": "s-1", "enrollment": "e-1"}]
    assert list(found["behind"].values()) == [1]


def test_generations_that_differ_are_exit_1(tally: Tally, client: redis.Redis) -> None:
    moved = partition_for(record_key("default", "c-7"), 4)
    (rows,) = client.keys(f"tally:{{1.0}}:rows:{(moved + 1) % 4}:*s-2")
    client.setrange(rows, 6, b"\x06")  # the status of its first enrollment
    outcome = tally("diff", "1", "2")
    assert outcome.code == 1
    assert "enrollments that differ: default/c-" in outcome.out
    (line,) = (line.split() for line in outcome.out.splitlines() if line.split()[:1] == ["rows"])
    assert line[1] == "default"
    assert line[3:] == ["s-2", "e-2", "status", "6", "3"]
    assert tally("diff", "1", "2", "--json").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["verify", "--sample", "0"], 2, "--sample"),
        (["verify", "--sample", "101"], 2, "--sample"),
        (["verify", "--sample", "many"], 2, "--sample"),
        (["verify", "--seed", "1"], 2, "--seed"),
        (["verify", "--partitions", "0;3"], 2, "--partitions"),
        (["verify", "--partitions", "4"], 2, "--partitions: there is no partition 4"),
        (["verify", "--generation", "0"], 2, "--generation"),
        (["verify", "--generation", "9"], 1, "generation 9 is not there"),
        (["verify", "--contact", "c-never"], 1, "c-never"),
        (["verify", "--sequence", "s-never"], 1, "s-never"),
        (["verify", "--contact", "c-7", "--account", "acme"], 1, "account acme"),
        (["diff", "1"], 2, "B"),
        (["diff", "1", "1"], 2, "B: "),
        (["diff", "1", "9"], 1, "generation 9 is not there"),
    ],
)
def test_wrong_calls_and_failures_are_one_line(tally: Tally, client: redis.Redis, arguments: list[str], code: int, named: str) -> None:
    outcome = tally(*arguments)
    assert (outcome.code, outcome.out) == (code, "")
    assert named in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_empty_redis_has_nothing_to_verify(tally: Tally, client: redis.Redis) -> None:
    client.flushall()
    assert tally("verify") == (1, "", "tally: there is no generation yet: nothing was projected into this Redis (tally worker)\n")
