"""The SQLite log under what one machine can do to it: kill -9, several processes, a held or foreign file, a clock that jumps."""

import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from events.log.port import LogError, LogUnavailable, TopicError
from events.log.record import Appended, NewRecord
from events.log.sqlite import SqliteLog
from events.topics import EMAIL, ENROLLMENT, TOPICS

# Sends numbered records, in larger and smaller transactions, and says a number only when the log has acknowledged it.
WRITER = """
import sys, time
from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
def say(number):
    return lambda result: print(number if type(result).__name__ == "Appended" else result, flush=True)
with SqliteLog(path) as log:
    for n in range(count):
        log.send(NewRecord("email-events", b"%d" % (n % 5), f"{name} {n}".encode() + b"." * 300), say(n))
        if n % 7 == 6:
            time.sleep(0.0005)
"""


def start_writer(path: Path, name: str, count: int = 10**9) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(path), name, str(count)], stdout=subprocess.PIPE, text=True)


def numbers(log: SqliteLog, name: str) -> list[int]:
    """What a writer stored, partition after partition."""
    found = [record for partition in range(log.partitions(EMAIL)) for record in log.read(EMAIL, partition, 0, 1_000_000)]
    stored = [(record.value or b"").rstrip(b".").decode().split() for record in found]
    return [int(number) for by, number in stored if by == name]


def offsets_are_dense(log: SqliteLog) -> bool:
    return all(
        [record.offset for record in log.read(EMAIL, partition, 0, 1_000_000)] == list(range(log.end(EMAIL, partition)))
        for partition in range(log.partitions(EMAIL))
    )


def test_kill_9_at_any_moment_loses_no_acknowledged_record(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    path = tmp_path / "log.db"
    for round_ in range(6):
        with start_writer(path, str(round_)) as writer:
            assert writer.stdout is not None
            acknowledged = [int(writer.stdout.readline())]
            sleep(moments.uniform(0, 0.3))
            writer.kill()
            acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
        with SqliteLog(path) as log:
            stored = sorted(numbers(log, str(round_)))
            assert stored == list(range(len(stored)))
            assert set(acknowledged) <= set(stored)
            assert offsets_are_dense(log)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_several_publishing_processes_and_a_reader_share_the_file(tmp_path: Path) -> None:
    path, count = tmp_path / "log.db", 700
    writers = [start_writer(path, str(number), count) for number in range(3)]
    with SqliteLog(path) as log:
        seen = 0
        while any(writer.poll() is None for writer in writers):
            end = sum(log.ends([EMAIL]).values())
            assert end >= seen
            seen = end
            sleep(0.02)
        for number, writer in enumerate(writers):
            assert writer.stdout is not None
            said = [int(line) for line in writer.stdout]
            writer.stdout.close()
            assert (writer.returncode, sorted(said)) == (0, list(range(count)))
            assert sorted(numbers(log, str(number))) == list(range(count))
        assert offsets_are_dense(log)


def test_processes_that_make_the_file_at_once_agree(tmp_path: Path) -> None:
    """Turning WAL on is refused without waiting while another process does it."""
    writers = [start_writer(tmp_path / "deep" / "log.db", str(number), 7) for number in range(5)]
    assert [sorted(writer.communicate()[0].split()) for writer in writers] == [list("0123456")] * 5
    with SqliteLog(tmp_path / "deep" / "log.db") as log:
        assert sum(log.ends([EMAIL]).values()) == 35


def test_a_commit_is_durable_by_the_settings_of_the_file(tmp_path: Path) -> None:
    from events.log.sqlite_file import connect

    connection = connect(tmp_path / "log.db", 1)
    assert [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")] == ["wal", 2]
    connection.close()


def test_the_number_of_partitions_is_fixed_when_the_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    SqliteLog(path, 6).close()
    with pytest.raises(TopicError, match=r"has 6 partitions, not 4.*TALLY_PARTITIONS=6"):
        SqliteLog(path, 4)
    with SqliteLog(path) as log:
        assert [log.partitions(topic.name) for topic in TOPICS] == [6] * len(TOPICS)
        with pytest.raises(TopicError, match="6 partitions, not 4"):
            log.create_topics(4)


@pytest.mark.parametrize("partitions", [0, -1, 257])
def test_an_absurd_number_of_partitions_is_refused(tmp_path: Path, partitions: int) -> None:
    with pytest.raises(TopicError, match="partitions must be 1 to 256"):
        SqliteLog(tmp_path / "log.db", partitions)
    assert not (tmp_path / "log.db").exists()


def test_a_clock_that_is_set_back_does_not_turn_time_back(tmp_path: Path) -> None:
    times = iter([5_000, 4_000, 4_500, 6_000, 1])
    with SqliteLog(tmp_path / "log.db", clock=lambda: next(times)) as log:
        for number in range(4):
            log.append([NewRecord(EMAIL, b"k", b"%d" % number)])
        partition = log.append([NewRecord(EMAIL, b"k", b"4")])[0].partition
        assert [record.timestamp for record in log.read(EMAIL, partition, 0, 10)] == [5_000, 5_000, 5_000, 6_000, 6_000]


def test_a_file_that_another_process_holds_is_unavailable_after_the_set_time(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with SqliteLog(path, timeout=0.3) as log:
        log.append([NewRecord(EMAIL, b"k", b"before")])
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        begin = monotonic()
        with pytest.raises(LogUnavailable, match="another process holds it"):
            log.append([NewRecord(EMAIL, b"k", b"refused")])
        assert 0.2 < monotonic() - begin < 5
        results: list[Appended | Exception] = []
        log.send(NewRecord(EMAIL, b"k", b"late"), results.append)
        with pytest.raises(LogUnavailable, match="1 records were not in the log"):
            log.flush(0.01)
        holder.execute("ROLLBACK")
        holder.close()
        log.flush()
        assert results == [Appended(log.append([NewRecord(EMAIL, b"k", b"after")])[0].partition, 1)]


def test_a_failed_commit_tells_every_sender(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    results: list[Appended | Exception] = []
    with SqliteLog(path) as log:
        log.append([NewRecord(EMAIL, b"k", b"x")])
        other = sqlite3.connect(path)
        for partition in range(4):
            other.execute(f'ALTER TABLE "{EMAIL}/{partition}" RENAME TO "gone {partition}"')
        other.commit()
        other.close()
        for _ in range(5):
            log.send(NewRecord(EMAIL, b"k", b"y"), results.append)
        log.flush()
        assert [type(result) for result in results] == [LogError] * 5
        assert log.append([NewRecord(ENROLLMENT, b"k", b"z")])[0].offset == 0


def test_a_value_that_is_not_bytes_is_refused_before_it_can_spoil_a_transaction(tmp_path: Path) -> None:
    with SqliteLog(tmp_path / "log.db") as log, pytest.raises(TypeError, match="bytes or None, not str"):
        log.append([NewRecord(EMAIL, b"k", "text")])  # type: ignore[arg-type]


def test_other_files_are_refused_and_left_alone(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to look at" * 30)
    with pytest.raises(LogError, match="is not an SQLite file"):
        SqliteLog(text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    before = foreign.read_bytes()
    with pytest.raises(LogError, match="not a log of Tally"):
        SqliteLog(foreign)
    assert foreign.read_bytes() == before
    newer = tmp_path / "newer.db"
    SqliteLog(newer).close()
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LogError, match=r"format 99.*newer version of Tally"):
        SqliteLog(newer)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogUnavailable, match=r"cannot open the log .*/file/log\.db"):
        SqliteLog(tmp_path / "file" / "log.db")


def test_a_program_that_ends_without_closing_has_everything_written(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    forgetful = """
import sys
from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
log = SqliteLog(sys.argv[1])
for n in range(5000):
    log.send(NewRecord("email-events", b"k", b"x" * 300), lambda result: None)
"""
    subprocess.run([sys.executable, "-c", forgetful, str(path)], check=True)
    with SqliteLog(path) as log:
        assert sum(log.ends([EMAIL]).values()) == 5000


def test_much_that_is_sent_stays_in_bounded_memory(tmp_path: Path) -> None:
    sender = """
import resource, sys
from events.log.record import NewRecord
from events.log.sqlite import SqliteLog
def megabytes(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
with SqliteLog(sys.argv[1]) as log:
    def send(count):
        for n in range(count):
            log.send(NewRecord("email-events", b"%d" % n, b"%d" % n + b"." * 1000), lambda result: None)
        log.flush()
    send(10_000)
    before = megabytes()
    send(100_000)
    print(megabytes() - before)
"""
    done = subprocess.run([sys.executable, "-c", sender, str(tmp_path / "log.db")], check=True, capture_output=True, text=True)
    assert float(done.stdout) < 60  # of the 100 MB that were sent
