"""The SQLite file under `SqliteLog`: connections, tables, transactions, and what their errors mean.

Every partition is a table of its own, named `topic/partition`, whose rowid is the offset: an append goes to its right edge, where SQLite
fills its pages, and its end is its last rowid. WAL with `synchronous=FULL` makes a commit survive kill -9 and a power cut.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from time import monotonic, sleep

from events.log.port import LogError, LogUnavailable, TopicError
from events.topics import TOPICS

MAX_PARTITIONS = 256
DEFAULT_PARTITIONS = 4
_APPLICATION = 0x54414C59  # tells a log from any other SQLite file
_FORMAT = 1
_ROWS_A_STATEMENT = (256, 16, 1)

_SETTING = "CREATE TABLE setting (name TEXT PRIMARY KEY, value) WITHOUT ROWID"
_LANE = 'CREATE TABLE {} ("offset" INTEGER PRIMARY KEY, timestamp INTEGER NOT NULL, key BLOB, value BLOB, headers BLOB)'


def table(topic: str, partition: int) -> str:
    """The quoted name of the table that holds a partition."""
    return f'"{topic}/{partition}"'


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """Open the file, which is made when it is not there. `timeout`: seconds to wait while another process holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=1024)
    except (OSError, sqlite3.Error) as error:
        raise LogUnavailable(f"cannot open the log {path}: {error}; see that its folder can be written") from error
    try:
        _refuse_foreign(connection, path)
        _use_write_ahead_log(connection, timeout)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    except sqlite3.Error as error:
        connection.close()
        raise failure("cannot open", path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Before anything is changed in it. The tables are asked for first: another process may just be making them."""
    names = _tables(connection)
    application, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if names and application != _APPLICATION:
        raise LogError(f"{path} is an SQLite file but not a log of Tally; name another file, as in TALLY_LOG=sqlite:///log.db")
    if version > _FORMAT:
        raise LogError(f"the log {path} has format {version}, this program knows up to {_FORMAT}; use a newer version of Tally")


def _use_write_ahead_log(connection: sqlite3.Connection, timeout: float) -> None:
    """Turn WAL on. While several processes do so at once SQLite refuses without waiting, so it is tried again."""
    deadline = monotonic() + timeout
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)


def prepare(connection: sqlite3.Connection, path: Path, partitions: int | None) -> int:
    """Make the tables that are absent and return the number of partitions, which is fixed when the file is made.

    Raises `TopicError` when `partitions` is given and another number is in the file.
    """
    try:
        names = _tables(connection)
        count = _partitions(connection) if names else None
        if count is None or not names >= _lanes(count):
            with transaction(connection):
                count = _make(connection, partitions or DEFAULT_PARTITIONS)
    except sqlite3.Error as error:
        raise failure("cannot open", path, error) from error
    if partitions is not None and partitions != count:
        raise TopicError(
            f"the log {path} has {count} partitions, not {partitions}, and the number is fixed: "
            f"set TALLY_PARTITIONS={count}, or publish the events into a new log"
        )
    return count


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def _partitions(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT value FROM setting WHERE name = 'partitions'").fetchone()[0]
    return count


def _lanes(partitions: int) -> set[str]:
    return {f"{topic.name}/{partition}" for topic in TOPICS for partition in range(partitions)}


def _make(connection: sqlite3.Connection, partitions: int) -> int:
    names = _tables(connection)  # asked again inside the transaction: another process may have been first
    if names:
        partitions = _partitions(connection)
    else:
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
        connection.execute(_SETTING)
        connection.execute("INSERT INTO setting VALUES ('partitions', ?)", (partitions,))
    for name in sorted(_lanes(partitions) - names):
        connection.execute(_LANE.format(f'"{name}"'))
    return partitions


def insert(connection: sqlite3.Connection, topic: str, partition: int, rows: Sequence[tuple[object, ...]]) -> None:
    """Append the rows (offset, timestamp, key, value, headers) to a partition, inside a transaction.

    Many rows a statement: the driver gives up the interpreter lock at every step, and beside a busy thread each step then costs a time
    slice of 5 ms.
    """
    name, start = table(topic, partition), 0
    for size in _ROWS_A_STATEMENT:
        statement = f"INSERT INTO {name} VALUES " + ", ".join(["(?, ?, ?, ?, ?)"] * size)
        while len(rows) - start >= size:
            connection.execute(statement, list(chain.from_iterable(rows[start : start + size])))
            start += size


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing. Waits for the turn of this process first, so that what it reads inside cannot change."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def failure(what: str, path: Path, error: sqlite3.Error) -> LogError:
    """The `LogError` for an error of SQLite: `LogUnavailable` where trying again can help."""
    code = _code(error)
    if code == sqlite3.SQLITE_BUSY:
        return LogUnavailable(f"{what} the log {path}: another process holds it; end that process or try again")
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return LogUnavailable(f"{what} the log {path}: {error}; see that the disk has room and the file can be written")
    if code == sqlite3.SQLITE_NOTADB:
        return LogError(f"{what} the log {path}: it is not an SQLite file; name another file, as in TALLY_LOG=sqlite:///log.db")
    return LogError(f"{what} the log {path}: {error}")


def _code(error: sqlite3.Error) -> int:
    """The primary result code of SQLite; 0 where the driver itself raised the error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
