"""Dashboards by the command line alone: saved, seen, changed, deleted, and there again after a rebuild."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from projections.dump import Dump, dump
from projections.tables.embedded_redis import EmbeddedRedis
from projections.tables.redis import RedisStore
from tests.conftest import PARTITIONS
from tests.integration.cli.conftest import Tally

STARTED = {
    "specversion": "1.0",
    "type": "enrollment.started",
    "source": "mailer",
    "id": "start-1",
    "time": "2026-03-02T09:00:00Z",
    "data": {"contact_id": "c-1", "enrollment_id": "e-1", "sequence_id": "spring"},
}


@pytest.fixture(autouse=True)
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Joined for the whole test, so that not every command has to start it anew."""
    with EmbeddedRedis(tmp_path / ".tally" / "redis") as server:
        yield server


def dumped(server: EmbeddedRedis) -> Dump:
    with RedisStore(server.url) as store:
        return dump(store, PARTITIONS)


def test_dashboards_from_the_first_save_to_a_rebuild(tally: Tally, redis: EmbeddedRedis, tmp_path: Path) -> None:
    def call(*arguments: str, stdin: str = "") -> str:
        done = tally(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def listed() -> list[Any]:
        found: list[Any] = json.loads(call("dashboard", "list", "--json"))["dashboards"]
        return [(one["dashboard_id"], one["name"], one["cards"]) for one in found]

    call("publish", "-", stdin=json.dumps(STARTED))
    call("dashboard", "save", "sales", "--name", "Sales", "--card", "performance sequence_id=spring team=north title='Spring [north]'")
    call("dashboard", "save", "other", "--name", "Other")
    assert listed() == []
    behind = tally("dashboard", "save", "other", "--add", "--card", "analyze")
    assert (behind.returncode, behind.stdout) == (1, "")
    call("worker", "--drain")
    assert listed() == [("other", "Other", 0), ("sales", "Sales", 1)]

    call("dashboard", "save", "sales", "--add", "--card", "sequences sort=name", "--card", "steps sequence_id=unheard-of")
    call("dashboard", "delete", "other")
    call("worker", "--drain")
    assert listed() == [("sales", "Sales", 3)]
    table = call("dashboard", "show", "sales")
    assert "sequence_id=spring team=north" in table
    assert "Spring [north]" in table
    run = call("dashboard", "show", "sales", "--run")
    assert "3. steps\nno event has named the sequence 'unheard-of'\n" in run
    assert "performance: spring (spring)" in run
    assert "filters" not in run

    text = call("dashboard", "show", "sales", "--json")
    call("dashboard", "save", "copy", "--file", "-", stdin=text.replace("[north]", "\\u001b[2J"))
    call("worker", "--drain")
    assert listed() == [("copy", "Sales", 3), ("sales", "Sales", 3)]
    for shown in (call("dashboard", "show", "copy"), call("dashboard", "show", "copy", "--run")):
        assert "Spring \N{REPLACEMENT CHARACTER}[2J" in shown
    assert json.loads(call("status", "--json"))["lag"] == 0

    with EmbeddedRedis(tmp_path / "rebuilt") as rebuilt:
        call("worker", "--drain", "--redis", rebuilt.url)
        assert dumped(rebuilt) == dumped(redis)
        assert dumped(rebuilt)["default"]["dashboards"]["other"][1] is None
