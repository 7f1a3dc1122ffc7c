"""The benchmark of the web runs, at a tiny size, and what it takes for an answer is one."""

import asyncio
from pathlib import Path

import pytest

from bench.population import Population
from bench.process import Process, ProcessFailed
from bench.reads import project
from bench.web import ask, delays, serving
from bench.web_client import PATHS
from projections.tables.embedded_redis import EmbeddedRedis


def test_every_question_is_answered_over_all_connections(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis") as server:
        asyncio.run(project(server.url, Population(200), lambda _: None))
        with serving(server.url, f"sqlite:///{tmp_path / 'log.db'}", tmp_path) as port:
            found = ask(tmp_path, port, 40, 4, 7, lambda _: None)

            assert {kind: len(one["milliseconds"]) for kind, one in found.items()} == dict.fromkeys(PATHS, 40)
            assert all(milliseconds > 0 for one in found.values() for milliseconds in one["milliseconds"])


def test_an_answer_that_is_an_error_voids_the_figures(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "redis") as server, serving(server.url, f"sqlite:///{tmp_path / 'log.db'}", tmp_path) as port:
        arguments = {"port": port, "kind": "unfiltered", "seed": 1, "calls": 10, "connections": 2}  # no sequence is there
        with Process("bench.web_client:ask", arguments, tmp_path) as client, pytest.raises(ProcessFailed, match="WrongStatus"):
            client.result(30)


def test_an_event_is_seen_with_the_first_number_that_has_room_for_it() -> None:
    changes = [(1000.0, 2), (1200.0, 3), (1500.0, 5)]

    assert list(delays([1100.0, 1150.0, 1160.0], changes, before=2)) == [100.0, 350.0, 340.0]
