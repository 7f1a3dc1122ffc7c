"""Rebuild, cutover, rollback and drop by the command line, while a worker runs and events come in."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from cli.demo.company import Company
from projections.dump import dump
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.redis import RedisStore
from tests.faults.processes import until
from tests.integration.cli.conftest import Tally, command, environment, processes_of

UNTIL = 1_790_000_000_000
PARTITIONS = 4


@pytest.fixture(autouse=True)
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server:
        yield server


@pytest.fixture
def history(tmp_path: Path, tally: Tally) -> list[dict[str, Any]]:
    """A quarter of a year of a simulated company, published."""
    events = list(Company(5, 200, until=UNTIL).history())
    write(tmp_path / "events.jsonl", events)
    assert tally("publish", "events.jsonl").returncode == 0
    return events


def write(path: Path, events: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(event) + "\n" for event in events))


@contextmanager
def live_worker(folder: Path) -> Iterator[Path]:
    """A worker that runs meanwhile, and where it logs."""
    log = folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command("worker"), cwd=folder, env=environment(), stdout=output, stderr=output)
    try:
        until(lambda: "of every topic" in log.read_text())
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()


def generations(tally: Tally) -> dict[int, dict[str, Any]]:
    listed = tally("generations", "--json")
    assert listed.returncode == 0, listed.stderr
    return {one["generation"]: one for one in json.loads(listed.stdout)["generations"]}


def test_a_rebuilt_generation_is_equal_and_taken_over_by_readers_and_workers(
    tally: Tally, tmp_path: Path, history: list[dict[str, Any]], redis: EmbeddedRedis
) -> None:
    with live_worker(tmp_path) as log, RedisStore(redis.url) as store:
        until(lambda: generations(tally)[1]["lag"] == 0)
        rebuilt = tally("rebuild", "--workers", "2", "--json")
        assert rebuilt.returncode == 0, rebuilt.stderr
        last = json.loads(rebuilt.stdout.splitlines()[-1])
        assert (last["generation"], last["state"], last["applied"]) == (2, "complete", last["total"])
        assert dump(store, PARTITIONS, 2) == dump(store, PARTITIONS, 1)

        assert json.loads(tally("report", "analyze", "--format", "json").stdout)["as_of"]["generation"] == 1
        assert tally("cutover", "2").returncode == 0
        report = json.loads(tally("report", "analyze", "--format", "json").stdout)
        assert report["as_of"]["generation"] == 2

        later = list(Company(6, 20, until=UNTIL).history())
        write(tmp_path / "later.jsonl", later)
        assert tally("publish", "later.jsonl").returncode == 0
        until(lambda: generations(tally)[2]["lag"] == 0)
        assert "going on in generation 2" in log.read_text()
        assert generations(tally)[1]["lag"] > 0

        back = tally("rollback")
        assert back.returncode == 0, back.stderr
        until(lambda: generations(tally)[1]["lag"] == 0)
        assert dump(store, PARTITIONS, 1) == dump(store, PARTITIONS, 2)

        refused = tally("drop", "1")
        assert (refused.returncode, "generation 1 is the active one" in refused.stderr) == (1, True)
        assert tally("drop", "2").returncode == 0
        assert list(generations(tally)) == [1]
        assert not [key for (keys,) in [store.read([("KEYS", "tally:{2.*")])] for key in keys]


def test_a_rebuild_that_is_killed_leaves_readers_alone_and_can_be_gone_on_with(
    tally: Tally, tmp_path: Path, history: list[dict[str, Any]], redis: EmbeddedRedis
) -> None:
    assert tally("worker", "--drain").returncode == 0
    killed = 0
    with RedisStore(redis.url) as store:
        while killed < 3:
            call = command("rebuild", *(["--resume"] if killed else []))
            environ = {**environment(), "TALLY_MAX_BATCH": "40"}
            process = subprocess.Popen(call, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            before = applied(store, 2)
            until(lambda before=before: applied(store, 2) > before)  # type: ignore[misc]
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
            until(lambda: not [one for one in processes_of(tmp_path) if "rebuild_worker" in one])
        assert applied(store, 2) < applied(store, 1)
        assert generations(tally)[2]["state"] == "building"
        refused = tally("cutover", "2")
        assert (refused.returncode, "not complete" in refused.stderr) == (1, True)
        refused = tally("rebuild")
        assert (refused.returncode, "tally rebuild --resume" in refused.stderr) == (1, True)
        resumed = tally("rebuild", "--resume")
        assert resumed.returncode == 0, resumed.stderr
        assert dump(store, PARTITIONS, 2) == dump(store, PARTITIONS, 1)


def applied(store: RedisStore, generation: int) -> int:
    """The sum of the positions of a generation."""
    answers = store.read([("HGETALL", f"tally:{{{generation}.0}}:partition:{number}") for number in range(PARTITIONS)])
    return sum(int(value) for fields in answers for name, value in fields.items() if name.startswith(b"offset:"))


def test_a_rebuild_ends_where_it_is_told_to_and_in_the_partitions_that_it_is_given(
    tally: Tally, history: list[dict[str, Any]], redis: EmbeddedRedis
) -> None:
    assert tally("worker", "--drain").returncode == 0
    assert tally("rebuild", "--until", "email-events/0=7").returncode == 0
    listed = generations(tally)
    assert (listed[2]["offsets"]["email-events/0"], listed[2]["state"]) == (7, "complete")
    assert listed[2]["offsets"]["email-events/1"] == listed[1]["offsets"]["email-events/1"]
    part = tally("rebuild", "--partitions", "1,3")
    assert (part.returncode, "--resume" in part.stdout) == (0, True)
    offsets = generations(tally)[3]["offsets"]
    assert {lane.rpartition("/")[2] for lane, offset in offsets.items() if offset} == {"1", "3"}
    assert tally("rebuild", "--resume").returncode == 0
    assert generations(tally)[3]["offsets"] == listed[1]["offsets"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (["rebuild", "--partitions", "9"], "--partitions: '9' is not allowed; the log has partitions 0 to 3"),
        (["rebuild", "--until", "soon"], "--until: 'soon' is neither a time nor offsets"),
        (["rebuild", "--resume", "--until", "2026-01-01T00:00:00Z"], "--until: is fixed when a rebuild begins"),
        (["rebuild", "--generation", "2"], "--generation: goes with --resume"),
    ],
)
def test_a_wrong_call_is_named(tally: Tally, call: list[str], message: str) -> None:
    refused = tally(*call)
    assert (refused.returncode, message in refused.stderr, len(refused.stderr.splitlines())) == (2, True, 1)


def test_a_cutover_is_refused_while_the_generation_is_too_far_behind(tally: Tally, tmp_path: Path, history: list[dict[str, Any]]) -> None:
    assert tally("worker", "--drain").returncode == 0
    assert tally("rebuild").returncode == 0
    write(tmp_path / "later.jsonl", list(Company(6, 5, until=UNTIL).history()))
    assert tally("publish", "later.jsonl").returncode == 0
    refused = tally("cutover", "2", "--max-lag", "10")
    assert refused.returncode == 1
    assert "more than 10: bring it up to date first (tally rebuild --resume --generation 2)" in refused.stderr
    assert tally("rebuild", "--resume", "--generation", "2").returncode == 0
    assert generations(tally)[2]["lag"] == 0


def test_a_cutover_is_refused_where_the_generation_differs_though_one_code_has_made_both(
    tally: Tally, history: list[dict[str, Any]], redis: EmbeddedRedis
) -> None:
    assert tally("worker", "--drain").returncode == 0
    assert tally("rebuild").returncode == 0
    with Redis.from_url(redis.url) as client:
        client.hincrby("tally:{2.0}:account:default", "total.sent", 1)
    refused = tally("cutover", "2")
    assert (refused.returncode, "differs from generation 1 in 1 cells" in refused.stderr) == (1, True), refused.stderr
    assert tally("cutover", "2", "--no-diff").returncode == 0
    assert generations(tally)[2]["state"] == "active"
