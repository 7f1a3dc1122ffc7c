"""Each benchmark runs, at a tiny size, and its peers do the same work. What the figures are is nobody's business here."""

import asyncio
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest
from typer.testing import CliRunner

from bench import ingest, questions
from bench.__main__ import app
from bench.comparison import WrongAnswer, dumped, require_equal
from bench.freshness import measure as measure_freshness
from bench.history import PARTITIONS, batches, history, load
from bench.memory import measure as measure_memory
from bench.memory import typical
from bench.population import Population
from bench.process import Process, ProcessFailed
from bench.profile import REST, STAGES, Stages, project
from bench.reads import measure as measure_reads
from events.log.kafka import KafkaLog
from events.log.sqlite import SqliteLog
from events.topics import SOURCE_TOPICS
from events.wire import decode
from projections.dump import dump
from projections.reports.filters import FILTERS
from projections.tables.memory import MemoryStore
from projections.tables.redis import RedisWritableStore

EVENTS = 1_500


def test_without_a_name_the_benchmarks_are_listed() -> None:
    listed = CliRunner().invoke(app)

    assert listed.exit_code == 0
    assert all(name in listed.output for name in ("ingest", "memory", "profile", "freshness", "reads"))


def test_the_history_is_the_same_every_time_and_has_as_many_events_as_asked() -> None:
    records = list(history(EVENTS))

    assert len(records) == EVENTS
    assert records == list(history(EVENTS))


def test_batches_hold_every_record_once_and_in_the_order_of_their_lane() -> None:
    cut = list(batches(history(EVENTS), 100))

    assert sum(len(batch.records) for batch in cut) == EVENTS
    assert max(len(batch.records) for batch in cut) == 100
    ends: Counter[tuple[str, int]] = Counter()
    for batch in cut:
        assert batch.start == ends[batch.topic, batch.partition]
        ends[batch.topic, batch.partition] = batch.next_offset


def test_ingest_contestants_end_in_the_projection_of_the_same_events(kafka_log: KafkaLog, tmp_path: Path) -> None:
    load(kafka_log, history(EVENTS))
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log:
        load(log, history(EVENTS))
    said: list[str] = []
    contest = ingest.Field(tmp_path, EVENTS, 200, bootstrap=kafka_log.bootstrap, sqlite=tmp_path / "log.db", say=said.append)

    runs = ingest.compete(contest, rounds=1)

    applied = {name: [run["events"] for run in measured] for name, measured in runs.items()}
    assert applied == {ingest.TALLY: [EVENTS], ingest.LOOP: [EVENTS], ingest.STOCK: [200], ingest.TALLY_SQLITE: [EVENTS]}
    assert all(run["seconds"] > 0 and run["cpu_seconds"] > 0 for measured in runs.values() for run in measured)
    assert len(contest.versions) == 1


def test_a_contestant_that_applied_less_than_the_log_holds_voids_the_figures(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log:
        load(log, history(100))
    contest = ingest.Field(tmp_path, 101, 0, sqlite=tmp_path / "log.db")

    with pytest.raises(WrongAnswer, match="applied 100 events of 101"):
        ingest.compete(contest, rounds=1)


def test_projections_that_differ_are_told_apart_by_the_place() -> None:
    with pytest.raises(WrongAnswer) as raised:
        require_equal("other", b'{"default":{"counters":{"total.sent":1}}}', "one", b'{"default":{"counters":{"total.sent":2}}}')

    assert str(raised.value) == "one and other differ at /default/counters/total.sent: 2 instead of 1"
    require_equal("other", b"{}", "one", b"{}")


def test_the_dump_of_a_redis_is_that_of_the_same_events_in_memory(valkey: str) -> None:
    work = list(batches(history(EVENTS), 400))
    memory = MemoryStore()

    assert asyncio.run(project(work, lambda: memory))[0] == EVENTS
    assert asyncio.run(project(work, lambda: RedisWritableStore(valkey)))[0] == EVENTS

    assert dumped(valkey, PARTITIONS) == msgspec.json.encode(dump(memory, PARTITIONS))


def test_typical_enrollments_have_twelve_valid_events_each() -> None:
    records = list(typical(30, 24))

    events = [decode(record.topic, record.key, record.value, (), 2_000_000_000_000) for record in records]
    types = Counter(event.type for record, event in zip(records, events, strict=True) if record.key == records[0].key)
    assert types == {
        "enrollment.started": 1,
        "step.executed": 3,
        "email.sent": 3,
        "email.delivered": 3,
        "email.opened": 1,
        "enrollment.finished": 1,
    }
    assert len(records) == 30 * 12
    assert len({event.id for event in events}) == 30 * 12
    assert {len(record.key or b"") for record in records} == {len("default/") + 24}


def test_memory_measures_all_tables_of_the_enrollments(valkey: str) -> None:
    footprint = measure_memory(valkey, 50, 24)

    assert footprint.enrollments == 50
    assert {"contacts", "rows", "cells", "names"} <= footprint.tables.keys()
    assert footprint.used > sum(footprint.tables.values()) / 2 > 50 * 50


def test_the_stages_of_the_profile_are_functions_that_the_projector_runs_through() -> None:
    """Fails when a function that the profile watches was renamed, or is not called any more."""
    stages = Stages()
    work = list(batches(history(EVENTS), 400))

    with stages.attached():
        applied, _, cpu = asyncio.run(project(work, MemoryStore))

    in_redis_only = {"pack: the commit for the script"}
    assert applied == EVENTS
    assert stages.seconds.keys() | {REST} == STAGES.keys() - in_redis_only | {REST}
    assert 0 < sum(stages.seconds.values()) <= cpu


def test_freshness_sees_every_event_of_the_timetable(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "log.db", PARTITIONS) as log:
        delays, _ = measure_freshness(log, f"sqlite:///{tmp_path / 'log.db'}", tmp_path, rate=500, seconds=1, warm_up=0.0)
        ends = log.ends(SOURCE_TOPICS)

    assert len(delays.from_handed) == 500
    assert sum(ends.values()) == 1_000
    assert all(acknowledged <= handed for handed, acknowledged in zip(delays.from_handed, delays.from_acknowledged, strict=True))
    assert min(delays.from_handed) > 0
    assert delays.commits > 0


def test_a_process_that_fails_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with (
        Process("bench.machine:pin", {"nothing": 1}, tmp_path) as process,
        pytest.raises(ProcessFailed, match="unexpected keyword argument"),
    ):
        process.result(30)


def test_a_population_has_valid_events_of_many_kinds_the_same_every_time() -> None:
    population = Population(200)
    records = [record for number in range(210) for record in population.enrollment(number)]

    events = [decode(record.topic, record.key, record.value, (), 2_000_000_000_000) for record in (*population.definitions(), *records)]
    assert len({event.id for event in events}) == len(events)
    assert len({event.type for event in events}) > 12
    assert records == [record for number in range(210) for record in Population(200).enrollment(number)]
    afterthought = population.afterthought(7, Random(1))
    assert decode(afterthought.topic, afterthought.key, afterthought.value, (), 2_000_000_000_000).type.startswith("email.")


def test_questions_come_to_every_filter() -> None:
    random = Random(1)
    drawn = {name for _ in range(100) for name in questions.filtered(random, "analyze").parameters}

    assert drawn == {parameter.name for parameter in FILTERS} | {"basis", "opens", "time_zone"}


def test_reads_are_measured_at_rest_and_under_commits_and_the_loop_agrees(tmp_path: Path) -> None:
    said: list[str] = []

    found = measure_reads(tmp_path, enrollments=120, calls=10, rate=500, seed=1, say=said.append)

    assert (
        found.rest.keys()
        == found.commits.keys()
        >= {"performance, no filter", "performance and analyze, any filters", "steps, any filters"}
    )
    assert [len(timed.whole) for timed in found.rest.values()][:3] == [10, 10, 1]
    assert all(own <= whole for timed in found.rest.values() for whole, own in zip(timed.whole, timed.own, strict=True))
    assert found.committed["events"] > 0 < found.committed["commits"]
    assert (len(found.peers.cold), len(found.peers.loop)) == (10, 3)
    assert found.memory["rows"] == 120
    assert found.memory["held"] > 120 * 100
