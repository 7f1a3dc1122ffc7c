"""A mailer in a process of its own, to be killed: it publishes without end and says what was acknowledged. Run by a `Zygote`."""

import hashlib
import os
from itertools import islice
from time import sleep
from typing import Final

from events.log.opening import open_log
from events.log.record import Appended, NewRecord, Record
from events.settings import LogSettings
from tests.faults import mailer

_CHUNK: Final = 200


def publish(seed: str) -> int:
    """Send the records of a seed, some at a time, and write the digest of each to standard output once it is acknowledged."""
    records = mailer.records(int(seed))
    with open_log(LogSettings()) as log:
        while True:
            for record in islice(records, _CHUNK):
                log.send(record, lambda place, record=record: _acknowledged(record, place))  # type: ignore[misc]  # mypy cannot infer it
            sleep(0.02)


def digest(record: NewRecord | Record) -> str:
    """What stands for a record: of one line, whatever is in it."""
    return hashlib.sha1(f"{record.key!r} {record.value!r}".encode(), usedforsecurity=False).hexdigest()


def acknowledged(said: str) -> set[str]:
    """The digests in what publishers have said; a line that one died in does not count."""
    return {line.strip() for line in said.splitlines(keepends=True) if line.endswith("\n")}


def _acknowledged(record: NewRecord, place: Appended | Exception) -> None:
    if isinstance(place, Exception):
        raise place
    os.write(1, f"{digest(record)}\n".encode())  # not through a buffer, which would die with the process
