"""Group commit: many small sends become few large transactions, made by one thread."""

import atexit
import logging
from collections.abc import Callable, Sequence
from threading import Condition, Lock, Thread, current_thread
from time import monotonic
from typing import NamedTuple

from events.log.port import Acknowledge, LogError
from events.log.record import Appended, NewRecord

_QUEUE_BYTES = 2 << 20
_RECORD_OVERHEAD = 200

logger = logging.getLogger(__name__)


class Sent(NamedTuple):
    """A record on its way into the log, and who wants to know."""

    partition: int
    record: NewRecord
    acknowledge: Acknowledge


class GroupCommit:
    """Hands what was put to `commit`, as much as has gathered while the last commit ran, and acknowledges each record afterwards.

    `commit` returns the place of every record or raises for all of them; `finish` runs last. Both run in the one committing thread, which
    starts with the first record; acknowledgements run there too. Memory is bounded: `put` waits while 2 MB are queued. A program that
    ends without `close` is flushed at exit.
    """

    def __init__(self, commit: Callable[[Sequence[Sent]], list[Appended]], finish: Callable[[], None]) -> None:
        self._commit = commit
        self._finish = finish
        lock = Lock()
        self._work = Condition(lock)
        self._progress = Condition(lock)
        self._queue: list[Sent] = []
        self._bytes = 0
        self._put = 0
        self._done = 0
        self._idle = False
        self._closing = False
        self._thread: Thread | None = None

    @property
    def pending(self) -> int:
        """Records put that have not come to an end."""
        return self._put - self._done

    def put(self, sent: Sent) -> None:
        record = sent.record
        size = _RECORD_OVERHEAD + len(record.key or b"") + len(record.value or b"")
        with self._progress:
            while self._bytes >= _QUEUE_BYTES and current_thread() is not self._thread:
                self._progress.wait()
            if self._closing:
                raise LogError("the log is closed: open it again to send to it")
            if self._thread is None:
                self._thread = Thread(target=self._run, name="group-commit", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            self._queue.append(sent)
            self._bytes += size
            self._put += 1
            if self._idle:
                self._work.notify()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was put before has come to an end; False when `timeout` seconds do not suffice."""
        deadline = None if timeout is None else monotonic() + timeout
        with self._progress:
            until = self._put
            return self._progress.wait_for(lambda: self._done >= until, None if deadline is None else max(deadline - monotonic(), 0.0))

    def close(self) -> None:
        """Flush and end the thread. Safe to call twice."""
        with self._progress:
            self._closing = True
            self._work.notify()
            thread = self._thread
        if thread is not None:
            atexit.unregister(self.close)
            if thread is not current_thread():
                thread.join()

    def _run(self) -> None:
        try:
            while batch := self._take():
                self._store(batch)
                with self._progress:
                    self._done += len(batch)
                    self._progress.notify_all()
        finally:
            self._finish()

    def _take(self) -> list[Sent]:
        """All that is queued; waits for something; [] once closed and empty."""
        with self._work:
            self._idle = True
            self._work.wait_for(lambda: self._queue or self._closing)
            self._idle = False
            batch, self._queue, self._bytes = self._queue, [], 0
            self._progress.notify_all()
            return batch

    def _store(self, batch: list[Sent]) -> None:
        results: Sequence[Appended | Exception]
        try:
            results = self._commit(batch)
        except Exception as error:  # noqa: BLE001  whatever it was, every sender hears of it
            results = [error] * len(batch)
        for sent, result in zip(batch, results, strict=True):
            try:
                sent.acknowledge(result)
            except Exception:
                logger.exception("an acknowledgement callback raised; the record itself was handled: %s", result)
