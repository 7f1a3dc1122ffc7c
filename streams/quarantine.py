"""Setting records aside: into the topic `quarantine`, before the batch that they came in is committed."""

from collections.abc import Sequence

from events.log.port import Log
from events.quarantine.dead_letter import DeadLetter
from streams.threads import in_thread


class QuarantineWriter:
    """Writes dead letters through any log, away from the event loop.

    Call it with letters and await it: it returns when all of them are durable, and raises `LogUnavailable` if any is not. Only then may the
    batch they came from be committed, so that no crash can lose one.
    """

    def __init__(self, log: Log) -> None:
        self._log = log

    async def __call__(self, letters: Sequence[DeadLetter]) -> None:
        if letters:
            records = [letter.to_record() for letter in letters]
            await in_thread(lambda: self._log.append(records))
