"""Append as send and wait: the same for every log."""

from collections.abc import Sequence
from functools import partial
from threading import Event, Lock

from events.log.port import Log, LogUnavailable
from events.log.record import Appended, NewRecord


def send_and_wait(log: Log, records: Sequence[NewRecord], timeout: float | None) -> list[Appended]:
    """Send all records, wait up to `timeout` seconds (None: as long as it takes) for them, and return their places in the order of
    `records`.

    Raises the first failure that any of them met, after all have come to an end; others may have been stored.
    """
    results: list[Appended | Exception | None] = [None] * len(records)
    missing = len(records)
    lock, complete = Lock(), Event()

    def note(index: int, result: Appended | Exception) -> None:
        nonlocal missing
        with lock:
            results[index] = result
            missing -= 1
            if not missing:
                complete.set()

    for index, record in enumerate(records):
        log.send(record, partial(note, index))
    if records:
        log.flush(timeout)
        if not complete.wait(timeout):
            raise LogUnavailable(f"{missing} of {len(records)} records were not acknowledged within {timeout:g} s")
    places: list[Appended] = []
    for result in results:
        if isinstance(result, Exception):
            raise result
        if result is not None:
            places.append(result)
    return places
