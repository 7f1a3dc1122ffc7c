"""Publishing JSON lines from a file or a stream: judged first, written as they are, in the same memory whatever their number."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Semaphore
from typing import BinaryIO, Literal, NamedTuple

from events.event import Event
from events.json_text import MAX_BYTES
from events.judgement import judge
from events.log.port import Log
from events.log.record import Appended
from events.publisher import Publisher, PublishError, now
from events.refusal import Reason, Refusal

_LONGEST_LINE = MAX_BYTES + 1024  # some room for white space around an event
_KEPT = 100
_IN_FLIGHT = 4_000
"""Events handed to the log and not yet acknowledged, at most: enough to keep it busy, and a few megabytes."""
_PROGRESS_EVERY = 5_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WHITE_SPACE = b" \t\r\n"


class RefusedLine(NamedTuple):
    """A line that is not a good event; `line` counts from 1, blank lines included."""

    line: int
    reason: Reason
    detail: str


class Progress(NamedTuple):
    """How far a publication is: lines and bytes read. Where all is judged before anything is written, `judging` comes first."""

    stage: Literal["judging", "writing"]
    lines: int
    bytes: int


class Publication(NamedTuple):
    """How a publication ended: how many events are in the log now, how many lines were refused, and the first 100 of these.

    `failure` tells of the events that the log did not acknowledge; None as a rule.
    """

    accepted: int
    refused: int
    refusals: tuple[RefusedLine, ...]
    failure: PublishError | None = None


OnRefusal = Callable[[RefusedLine], None]
OnProgress = Callable[[Progress], None]


def publish_lines(
    lines: BinaryIO,
    open_log: Callable[[], AbstractContextManager[Log]],
    *,
    skip_invalid: bool = False,
    on_refusal: OnRefusal | None = None,
    on_progress: OnProgress | None = None,
    clock: Callable[[], int] = now,
) -> Publication:
    """Publish one structured CloudEvent a line; blank lines are passed over.

    By default all is judged before anything is written, and one refused line refuses the whole: nothing is written. What cannot be read
    twice, such as a pipe, is kept in a temporary file meanwhile. With `skip_invalid` the good lines are written as they come.
    `open_log` is called once there is something to write. `on_refusal` hears of every refused line. Raises `LogError` when the log
    cannot take the lines.
    """
    reader = _Reader(on_refusal, on_progress, clock)
    if skip_invalid:
        with open_log() as log:
            return reader.write(lines, log)
    with _repeatable(lines) as source:
        start = source.tell()
        for _ in reader.judge(source, "judging"):
            pass
        if reader.refused:
            return Publication(0, reader.refused, tuple(reader.refusals))
        source.seek(start)
        with open_log() as log:
            return reader.write(source, log)


@contextmanager
def _repeatable(lines: BinaryIO) -> Iterator[BinaryIO]:
    if lines.seekable():
        yield lines
    else:
        with tempfile.TemporaryFile(prefix="tally-publish-") as copy:
            shutil.copyfileobj(lines, copy)
            copy.seek(0)
            yield copy


class _Reader:
    """Reads and judges lines, and keeps what was refused."""

    def __init__(self, on_refusal: OnRefusal | None, on_progress: OnProgress | None, clock: Callable[[], int]) -> None:
        self.refused = 0
        self.refusals: list[RefusedLine] = []
        self._on_refusal = on_refusal
        self._on_progress = on_progress
        self._clock = clock

    def write(self, source: BinaryIO, log: Log) -> Publication:
        """Publish the good lines."""
        accepted = 0
        room = Semaphore(_IN_FLIGHT)

        def count(_: Event, result: Appended | Exception) -> None:
            nonlocal accepted
            accepted += not isinstance(result, Exception)
            room.release()

        failure: PublishError | None = None
        try:
            with Publisher(log, clock=self._clock) as publisher:
                for event, value in self.judge(source, "writing"):
                    room.acquire()
                    publisher.publish_judged(event, value, count)
        except PublishError as error:
            failure = error
        return Publication(accepted, self.refused, tuple(self.refusals), failure)

    def judge(self, source: BinaryIO, stage: Literal["judging", "writing"]) -> Iterator[tuple[Event, bytes]]:
        """The good lines, each with its event."""
        number = position = 0
        while line := source.readline(_LONGEST_LINE):
            number += 1
            whole = len(line) < _LONGEST_LINE or line.endswith(b"\n")
            position += len(line) if whole else len(line) + _pass_over(source)
            value = line.removeprefix(_BYTE_ORDER_MARK if number == 1 else b"").strip(_WHITE_SPACE)
            try:
                if not whole:
                    raise Refusal(Reason.TOO_LARGE, f"more than {_LONGEST_LINE} bytes; at most {MAX_BYTES} are allowed")
                if value:
                    yield judge(value, stamped_at=self._clock()), value
            except Refusal as refusal:
                self._refuse(RefusedLine(number, refusal.reason, refusal.detail))
            if number % _PROGRESS_EVERY == 0:
                self._report(stage, number, position)
        self._report(stage, number, position)

    def _refuse(self, line: RefusedLine) -> None:
        self.refused += 1
        if len(self.refusals) < _KEPT:
            self.refusals.append(line)
        if self._on_refusal is not None:
            self._on_refusal(line)

    def _report(self, stage: Literal["judging", "writing"], lines: int, bytes_: int) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(stage, lines, bytes_))


def _pass_over(source: BinaryIO) -> int:
    """Skip the rest of a line that is too long; returns its bytes."""
    passed = 0
    while rest := source.readline(_LONGEST_LINE):
        passed += len(rest)
        if rest.endswith(b"\n"):
            break
    return passed
