"""The SQLite log is locked, loses its beginning, its middle or its tail, and is written by mailers that are killed."""

import re
import shutil
import signal
import sqlite3
from contextlib import closing
from threading import Thread
from time import sleep

import pytest

from events.log.opening import open_log
from events.log.sqlite_file import table
from events.settings import LogSettings
from events.topics import EMAIL
from tests.faults import mailer
from tests.faults.mutants import at_work, notices
from tests.faults.pair import Pair, publishing
from tests.faults.processes import until
from tests.faults.publisher_process import acknowledged, digest
from tests.faults.zygote import KILLED


def last_line(pair: Pair) -> str:
    """What a new worker says when it ends by itself, as it has to."""
    worker = pair.start()
    assert worker.wait(15) == 1
    return worker.log.splitlines()[-1]


def remove(pair: Pair, condition: str) -> None:
    """Of a partition that all of these tests know to hold a few hundred records."""
    with closing(sqlite3.connect(f"{pair.folder}/log.db")) as connection, connection:
        connection.execute(f"DELETE FROM {table(EMAIL, 2)} WHERE {condition}")


@notices("holes-ignored")
def test_a_log_that_has_lost_its_beginning_ends_the_worker(pair: Pair) -> None:
    pair.publish(1000)
    remove(pair, '"offset" < 10')
    assert "email-events/2 begins at offset 10, behind 0" in last_line(pair)


@notices("holes-ignored")
def test_a_hole_in_the_log_ends_the_worker(pair: Pair) -> None:
    pair.publish(1000)
    remove(pair, '"offset" BETWEEN 50 AND 59')
    worker = pair.start(settings={"TALLY_MAX_BATCH": "40"})
    assert worker.wait(15) == 1
    assert "email-events/2 holds nothing from offset 50 to 59" in worker.log.splitlines()[-1]
    pair.is_exact_so_far()


@notices("holes-ignored")
def test_a_log_that_has_lost_its_tail_ends_the_worker(pair: Pair) -> None:
    pair.publish(500)
    shutil.copy(f"{pair.folder}/log.db", f"{pair.folder}/older.db")
    pair.publish(500, seed=1)
    assert pair.start("--drain").wait() == 0
    remove(pair, '"offset" > 20')
    assert "email-events/2 ends at offset 21, before " in last_line(pair)


@pytest.mark.parametrize("arguments", [(), ("--drain",)], ids=["as ever", "with nothing left to drain"])
@notices("another-log-taken")
def test_another_log_with_as_many_records_ends_the_worker(pair: Pair, arguments: tuple[str, ...]) -> None:
    pair.publish(500)
    assert pair.start("--drain").wait() == 0
    other = f"sqlite:///{pair.folder}/other.db"
    with open_log(LogSettings(log=other)) as log:
        log.append(mailer.take(500))  # of the very same events
    worker = pair.start(*arguments, settings={"TALLY_LOG": other})
    assert worker.wait(15) == 1
    assert re.search(
        r"ERROR tally.worker: \S+ holds another record at offset \d+ than the one that was applied, .*: tally rebuild, then tally cutover",
        worker.log.splitlines()[-1],
    )
    pair.is_exact()


@notices("locked-is-an-error")
def test_the_log_is_locked_for_a_while(pair: Pair, mutant: str | None) -> None:
    worker = pair.start()
    with at_work(mutant):
        pair.publish(500)  # which opens the file for writing
    pair.is_applied()
    with closing(sqlite3.connect(f"{pair.folder}/log.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = Thread(target=pair.publish, args=(500, 1))
        waiting.start()
        sleep(1.5)
        assert waiting.is_alive()
        assert worker.is_running
        other.execute("ROLLBACK")
    waiting.join()
    pair.is_exact()


@notices("acknowledged-too-early")
def test_four_mailers_write_at_once_and_are_killed_in_mid_batch(pair: Pair) -> None:
    pair.start()
    mailers = [pair.begin("publish", str(seed)) for seed in range(4)]
    until(lambda: all(one.log for one in mailers))
    sleep(1)
    for one in mailers:
        one.signal(signal.SIGKILL)
        assert one.wait() == KILLED
    with publishing(pair.address, seed=5):
        pair.moves_on(500)
    told = acknowledged("".join(one.log for one in mailers))
    assert len(told) > 1000
    assert told <= set(map(digest, pair.records()))
    pair.is_exact()
