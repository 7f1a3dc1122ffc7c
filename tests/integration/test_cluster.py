"""A Redis Cluster of three real nodes: the numbers are those of one Redis, whatever the shards, and whatever happens to the nodes."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.demo.company import Company
from events.log.sqlite import SqliteLog
from events.topics import SOURCE_TOPICS
from projections import generations
from projections.dump import Dump, dump
from projections.generations import Generation
from projections.reports.registry import report
from projections.tables.boot import check
from projections.tables.cluster import slot_of
from projections.tables.layout import shard_prefix
from projections.tables.parts import Catalogue
from projections.tables.reader import Reader
from projections.tables.redis import RedisStore, RedisWritableStore
from projections.tables.store import Commit, Committed, StoreError, StoreUnavailable
from tests.cluster import ClusterNode, LocalCluster
from tests.faults import mailer
from tests.faults.processes import WorkerProcess, refold, until

pytestmark = pytest.mark.timeout(240)

UNTIL = 1_790_000_000_000
PARTITIONS = 4


@pytest.fixture(params=["valkey_nodes", "redis7_nodes"])
def cluster(request: pytest.FixtureRequest) -> LocalCluster:
    nodes: LocalCluster = request.getfixturevalue(request.param)
    return nodes.emptied()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log:
        yield log


class Place:
    """A Redis by its address, and the command with it, in a folder with a log."""

    def __init__(self, folder: Path, redis: str, shards: int) -> None:
        self.folder = folder
        self.settings = {
            "TALLY_LOG": f"sqlite:///{folder}/log.db",
            "TALLY_REDIS": redis,
            "TALLY_SHARDS": str(shards),
            "TALLY_MAX_BATCH": "300",
        }

    def tally(self, *arguments: str) -> str:
        """What the command prints."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TALLY_")} | self.settings
        call = [sys.executable, "-m", "cli.main", *arguments]
        done = subprocess.run(call, env=environment, cwd=self.folder, capture_output=True, text=True, timeout=90, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def publish(self, events: Sequence[dict[str, Any]]) -> None:
        file = self.folder / "events.jsonl"
        file.write_text("".join(json.dumps(event) + "\n" for event in events))
        self.tally("publish", str(file))

    def worker(self) -> WorkerProcess:
        return WorkerProcess(self.folder, {**self.settings, "TALLY_PROGRESS_INTERVAL": "0.5"})


def reports(reader: Reader) -> list[dict[str, Any]]:
    """What is asked of the whole account and of its first sequence, from counters and from rows, without when and of what it is."""
    catalogue = Catalogue()
    first = min(reader.read("default", catalogue)[catalogue])
    asked = [
        *((name, None) for name in ("analyze", "sequences", "enrollments", "leaderboard", "monthly")),
        ("performance", first),
        ("steps", first),
    ]
    return [
        report(name, reader, account="default", subject=subject, source=source).model_dump(exclude={"as_of"})
        for name, subject in asked
        for source in ("auto", "rows")
    ]


def made(store: RedisStore, number: int) -> Generation:
    (fields,) = store.read([("HGETALL", generations.KEY)])
    return generations.read_known(fields)[number]


def dumped(store: RedisStore, number: int = 1) -> Dump:
    generation = made(store, number)
    return dump(store, generation.partitions, number, generation.shards)


def applied(store: RedisStore, number: int = 1) -> int:
    """How many records of the log a generation has; 0 of one that is not there."""
    try:
        generation = made(store, number)
    except StoreError:
        return 0
    fields = [f"offset:{topic}" for topic in SOURCE_TOPICS]
    answers = store.read([("HMGET", key, *fields) for key in generation.progress_keys()])
    return sum(int(offset or 0) for answer in answers for offset in answer)


def total(log: SqliteLog) -> int:
    return sum(log.ends(SOURCE_TOPICS).values())


def keys_of(node: ClusterNode, number: int) -> list[str]:
    with node.client() as client:
        return [str(key) for key in client.scan_iter(f"tally:{{{number}.*")]


def owner(cluster: LocalCluster, generation: int, shard: int) -> ClusterNode:
    return cluster.owner(slot_of(shard_prefix(generation, shard)))


def test_three_shards_on_three_nodes_say_what_one_redis_says(cluster: LocalCluster, valkey: str, log: SqliteLog, tmp_path: Path) -> None:
    sharded, single = Place(tmp_path, cluster.url, 3), Place(tmp_path, valkey, 1)
    sharded.publish([*Company(7, 150, until=UNTIL).history()])
    for place in (single, sharded):
        place.tally("worker", "--drain")
    assert all(keys_of(node, 1) for node in cluster.nodes)
    with RedisStore(cluster.url) as store, RedisStore(valkey) as other:
        assert made(store, 1).shards == 3
        assert dumped(store) == dumped(other)
        reader, other_reader = Reader(store), Reader(other)
        assert reports(reader) == reports(other_reader)

        sharded.settings["TALLY_SHARDS"] = "2"  # what the next generation is made with
        with sharded.worker() as worker:
            worker.until_logged("of every topic")
            sharded.tally("rebuild", "--workers", "2")
            assert made(store, 2).shards == 2
            assert dumped(store, 2) == dumped(store, 1)
            for number in (1, 2):
                sharded.tally("verify", "--generation", str(number))
            sharded.tally("cutover", "2")
            assert reader.read("default").generation == 2
            assert reports(reader) == reports(other_reader)

            sharded.publish([*Company(8, 20, until=UNTIL, mark="later").history()])
            until(lambda: applied(store, 2) == total(log))
            worker.until_logged("going on in generation 2")
            assert applied(store, 1) < total(log)
            sharded.tally("verify")
            single.tally("worker", "--drain", "--log", f"sqlite:///{copy(log, tmp_path)}")
            assert dumped(store, 2) == dumped(other)
            assert reports(reader) == reports(other_reader)

            sharded.tally("rollback")
            until(lambda: applied(store, 1) == total(log))
            assert dumped(store, 1) == dumped(store, 2)
            sharded.tally("drop", "2")
            assert not [key for node in cluster.nodes for key in keys_of(node, 2)]


def copy(log: SqliteLog, folder: Path) -> Path:
    """The log once more, for a second worker."""
    with closing(sqlite3.connect(log.path)) as source, closing(sqlite3.connect(folder / "copy.db")) as target:
        source.backup(target)
    return folder / "copy.db"


@pytest.mark.parametrize(("redis", "shards"), [("valkey", 3), ("redis7", 4), ("valkey_cluster", 1), ("redis7_cluster", 4)])
async def test_any_number_of_shards_is_right_anywhere(
    redis: str, shards: int, log: SqliteLog, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    log.append(mailer.take(3000))
    place = Place(tmp_path, request.getfixturevalue(redis), shards)
    place.tally("worker", "--drain")
    with RedisStore(place.settings["TALLY_REDIS"]) as store:
        assert made(store, 1).shards == shards
        assert dumped(store) == await refold(log)


async def test_a_node_that_is_killed_and_comes_back_is_waited_for(cluster: LocalCluster, log: SqliteLog, tmp_path: Path) -> None:
    place = Place(tmp_path, cluster.url, 3)
    log.append(mailer.take(20_000))
    node = owner(cluster, 1, 1)
    assert node.url != cluster.url
    with place.worker() as worker, RedisStore(cluster.url) as store:
        until(lambda: applied(store) > 0)
        node.kill()
        worker.until_logged("waiting")
        with pytest.raises(StoreUnavailable):
            store.read([("HGETALL", key) for key in made(store, 1).progress_keys()])
        node.start()
        log.append(mailer.take(1000, seed=1))
        cluster.until_ok()
        until(lambda: applied(store) == total(log), 60, lambda: worker.log)
        assert worker.is_running
        assert dumped(store) == await refold(log)


async def test_keys_and_settings_are_those_of_all_nodes_and_the_worst_counts(cluster: LocalCluster) -> None:
    store = RedisWritableStore(cluster.url)
    written = {f"{shard_prefix(5, shard)}h" for shard in range(8)}
    assert await store.change([("HSET", key, "f", 1) for key in sorted(written)]) == [1] * 8
    assert all(keys_of(node, 5) for node in cluster.nodes)
    assert {key async for keys in store.keys("tally:{5.") for key in keys} == written
    assert [warning for warning in await check(store) if "append" in warning] == []
    with cluster.nodes[2].client() as client:
        client.config_set("hash-max-listpack-entries", 5000)
        client.config_set("appendonly", "no")
        assert len(await check(store)) == 2
        client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(StoreError, match="maxmemory-policy allkeys-lru"):
            await check(store)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "yes")
        client.config_set("hash-max-listpack-entries", 128)
    await store.aclose()


async def test_a_slot_that_moves_to_another_node_is_followed(cluster: LocalCluster) -> None:
    prefix = shard_prefix(6, 0)
    key, slot = f"{prefix}partition:0", slot_of(prefix)
    source = cluster.owner(slot)
    target = next(node for node in cluster.nodes if node is not source)
    store, reading = RedisWritableStore(cluster.url), RedisStore(cluster.url)
    assert await store.commit(commit(key, 0, prefix)) == Committed(1)
    before = [("HGETALL", key), ("HGETALL", f"{prefix}c")]
    assert reading.read(before)[1] == {b"n": b"1"}
    with slot_on_its_way(slot, source, target, cluster.nodes) as arrive:
        with pytest.raises(StoreUnavailable, match="hash slot"):
            reading.read(before)
        with pytest.raises(StoreUnavailable, match="hash slot"):
            await store.commit(commit(key, 1, prefix))
        arrive()
        assert reading.read(before)[1] == {b"n": b"1"}
        assert await store.commit(commit(key, 1, prefix)) == Committed(2)
        assert await store.ask(before) == reading.read(before)
    reading.close()
    await store.aclose()


def commit(key: str, version: int, prefix: str) -> Commit:
    positions = {"email-events": (version, version + 1)}
    return Commit(key, version, positions, committed_at=1, counters={f"{prefix}c": {"n": 1}})


@contextmanager
def slot_on_its_way(slot: int, source: ClusterNode, target: ClusterNode, all_nodes: Sequence[ClusterNode]) -> Iterator[Callable[[], None]]:
    """A hash slot that is being moved, with its keys there already; called, it has arrived. At the end it goes back, without its keys."""

    def belongs_to(node: ClusterNode) -> None:
        others = [other for other in all_nodes if other is not node]
        for one in (node, *others):
            setslot(one, slot, "NODE", identity(node))

    setslot(target, slot, "IMPORTING", identity(source))
    setslot(source, slot, "MIGRATING", identity(target))
    with source.client() as client:
        keys = client.execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
        client.migrate("127.0.0.1", target.port, keys, 0, 5000)
    yield lambda: belongs_to(target)
    with target.client() as client:
        client.flushall()
    belongs_to(source)


def setslot(node: ClusterNode, slot: int, *how: str) -> None:
    with node.client() as client:
        client.execute_command("CLUSTER SETSLOT", slot, *how)


def identity(node: ClusterNode) -> str:
    with node.client() as client:
        return str(client.execute_command("CLUSTER MYID"))
