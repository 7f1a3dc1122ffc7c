"""What stops a worker at its start: each guard through the real worker, its message, its remedy, and its line in the documents."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from events.log.sqlite import SqliteLog
from events.log.sqlite_file import table
from events.topics import EMAIL, SOURCE_TOPICS
from projections.generations import FIRST, KEY, Generation
from projections.tables.redis import RedisStore
from tests.faults import mailer
from tests.integration.streams.conftest import PARTITIONS, Start
from tests.unit.project.layout import ROOT

OPERATORS = ROOT / "docs" / "operate.md"


class Place:
    """A log of which all is applied, to be spoiled."""

    def __init__(self, log: Path, store: RedisStore) -> None:
        self.log = log
        self.redis = store._client

    def cut(self, where: str) -> None:
        """Remove records of every partition of the e-mail events."""
        with closing(sqlite3.connect(self.log)) as file, file:
            for partition in range(PARTITIONS):
                file.execute(f"DELETE FROM {table(EMAIL, partition)} {where}")

    def rewrite(self, **changes: object) -> None:
        """Have the first generation say something else of itself."""
        told = self.redis.hget(KEY, str(FIRST))
        assert isinstance(told, bytes)
        known = msgspec.json.decode(told, type=Generation)
        self.redis.hset(KEY, str(FIRST), msgspec.json.encode(msgspec.structs.replace(known, **changes)))


def begins_too_late(place: Place) -> None:
    for key in place.redis.scan_iter(match="tally:*partition:*"):
        place.redis.hset(key, f"offset:{EMAIL}", "0")
    place.cut('WHERE "offset" < 20')


def ends_too_early(place: Place) -> None:
    place.cut('WHERE "offset" > 5')


def was_made_anew(place: Place) -> None:
    with closing(sqlite3.connect(place.log)) as file, file:
        file.execute(f"UPDATE {table(EMAIL, 2)} SET timestamp = timestamp + 1")


def is_empty_but_registered(place: Place) -> None:
    for key in place.redis.scan_iter(match="tally:{*"):
        place.redis.delete(key)


def has_another_number_of_partitions(place: Place) -> None:
    place.rewrite(partitions=PARTITIONS + 1)


def was_written_by_other_code(place: Place) -> None:
    place.rewrite(code_hash="0123456789abcdef")


def evicts(place: Place) -> None:
    place.redis.config_set("maxmemory-policy", "allkeys-lru")


GUARDS: dict[Callable[[Place], None], str] = {
    begins_too_late: r"email-events/\d begins at offset 20, behind 0, .*TALLY_ALLOW_GAPS=true",
    ends_too_early: r"email-events/\d ends at offset 6, before \d+, .*tally rebuild, then tally cutover",
    was_made_anew: r"email-events/2 holds another record at offset \d+ than .*, stamped 20.* and not 20.*tally rebuild, then tally cutover",
    is_empty_but_registered: r"generation 1 is registered, but of partition 0, 1, 2, 3 nothing is there.*tally rebuild, then tally cutover",
    has_another_number_of_partitions: r"generation 1 was made for 5 partitions, the log has 4: .*TALLY_LOG.*tally rebuild",
    was_written_by_other_code: r"another version of the fold \(0123456789abcdef, this is \w{16}\).*tally rebuild, then tally cutover",
    evicts: r"maxmemory-policy allkeys-lru.*CONFIG SET maxmemory-policy noeviction",
}


@pytest.mark.parametrize("spoil", GUARDS, ids=lambda spoil: spoil.__name__)
def test_a_worker_stops_at_its_start_and_names_the_remedy(
    log: SqliteLog, store: RedisStore, start: Start, tmp_path: Path, spoil: Callable[[Place], None]
) -> None:
    log.append(mailer.take(1000))
    assert start("--drain").wait() == 0
    before = store.read([("HGETALL", f"tally:{{1.0}}:partition:{number}") for number in range(PARTITIONS)])
    spoil(Place(tmp_path / "log.db", store))
    try:
        worker = start()
        assert worker.wait() == 1
        message = worker.log.splitlines()[-1]
        assert re.search(f"ERROR tally.worker: .*{GUARDS[spoil]}", message)
        assert explained(message), f"no line of the table in {OPERATORS.name} explains {message}"
        if spoil is not is_empty_but_registered and spoil is not begins_too_late:
            assert store.read([("HGETALL", f"tally:{{1.0}}:partition:{number}") for number in range(PARTITIONS)]) == before
    finally:
        store._client.config_set("maxmemory-policy", "noeviction")


def test_a_log_with_another_number_of_partitions_than_was_asked_for_stops_a_worker(log: SqliteLog, store: RedisStore, start: Start) -> None:
    worker = start(settings={"TALLY_PARTITIONS": "6"})
    assert worker.wait() == 1
    message = worker.log.splitlines()[-1]
    assert re.search(r"has 4 partitions, not 6, .*TALLY_PARTITIONS=4", message)
    assert explained(message)


def test_an_empty_redis_is_no_fault_and_is_filled_from_the_beginning(log: SqliteLog, store: RedisStore, start: Start) -> None:
    log.append(mailer.take(500))
    assert start("--drain").wait() == 0
    store._client.flushall()
    assert start("--drain").wait() == 0
    ends = log.ends(SOURCE_TOPICS)
    stored = store.read([("HGET", f"tally:{{1.0}}:partition:{number}", f"offset:{EMAIL}") for number in range(PARTITIONS)])
    assert [int(offset) for offset in stored] == [ends[EMAIL, number] for number in range(PARTITIONS)]


def explained(message: str) -> bool:
    """Whether a line of the table "What to do when ..." speaks of the message: by words in code style, in which numbers stand for any."""
    return any(re.search(pattern, message) for pattern in patterns())


def patterns() -> list[str]:
    _, _, section = OPERATORS.read_text(encoding="utf-8").partition("## What to do when ...")
    cells = re.findall(r"^\|([^|]*)\|", section.partition("\n## ")[0], re.MULTILINE)
    found = [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]
    return [re.sub(r"\d+", r"\\d+", re.escape(text).replace(r"\.\.\.", ".*").replace(r"email\-events", r"[a-z-]+")) for text in found]


def test_every_message_in_the_table_is_one_that_the_program_has() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for room in ("events", "projections", "streams") for path in (ROOT / room).rglob("*.py")
    )
    for pattern in patterns():
        for part in re.split(r"\.\*|\\d\+|\[a-z-\]\+/|\\", pattern):
            assert part.strip(" ,/=") in sources, f"{pattern}: nothing says {part!r}"
