"""Dead letters sent once more, at most once each, or put away: whatever crashes on the way, and whoever else is at it.

The log knows no transactions here, so a letter is first held (`events.quarantine`), by a mark that says where the record is going to be.
Whoever takes a letter over from a holder that did not come to an end looks there for the record, by the header that it carries.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import Final, NamedTuple
from uuid import uuid4

from events.log.port import Log, LogError
from events.log.reading import records
from events.log.record import Headers, NewRecord, Record
from events.partitioner import partition_for
from events.quarantine.dead_letters import Kind, Letter, Mark, Place
from events.quarantine.reader import QuarantineReader
from events.rfc3339 import format_time
from events.topics import CONTACT
from streams.proposal import REDRIVEN, Proposal

_AT_ONCE: Final = 100
"""Letters that are held together: a few seconds' work at most."""
SUPERSEDED: Final = "a later record of this contact is in the log, and the last one wins: redriven, this one would undo it"


class Outcome(NamedTuple):
    """What happened to one letter; `done` if that is what was wanted, and `told` in words."""

    letter: Letter
    done: bool
    told: str


class Redrive:
    """Redrives and evicts letters of a log for the user `by`.

    `holds`: for how many ms a letter stays ours; half of it has to suffice for writing, so it has to be more than twice the time after
    which a write to the log has surely come to an end.
    """

    def __init__(self, log: Log, reader: QuarantineReader, *, by: str, holds: int, clock: Callable[[], float] = monotonic) -> None:
        self._log = log
        self._reader = reader
        self._by = by
        self._holds = holds
        self._clock = clock

    def redrive(self, proposals: Iterable[Proposal]) -> Iterator[Outcome]:
        """Write the records of each letter that nobody has redriven, evicted or holds. Raises `LogError`; what was done until then stays,
        and a letter in hand is free again after the time that it is held."""
        coming = iter(proposals)
        while some := list(islice(coming, _AT_ONCE)):
            yield from self._redrive(some)

    def evict(self, letters: Iterable[tuple[Letter, bytes | None]], text: str) -> Iterator[Outcome]:
        """Put letters, each with its key, away for a reason: they can never be redriven. Raises `LogError`."""
        coming = iter(letters)
        while some := [Proposal(letter, key, ()) for letter, key in islice(coming, _AT_ONCE)]:
            yield from self._evict(some, text)

    def _redrive(self, proposals: Sequence[Proposal]) -> Iterator[Outcome]:
        attempt, begun = uuid4().hex, self._clock()
        ours = self._hold(proposals, attempt)
        found = self._found([one.letter for one in ours], attempt)
        sending = [one for one in ours if one.letter.id not in found]
        if self._clock() - begun > self._holds / 2000:
            raise LogError("the log answers too slowly for the letters to be held meanwhile; nothing was sent, try again later")
        places = iter(self._log.append([record for one in sending for record in one.records]))
        sent = {}
        for one in sending:
            (partition, offset), *_ = [next(places) for _ in one.records]
            sent[one.letter.id] = Place(one.records[0].topic, partition, offset)
        self._finish([(one, self._mark(one, "redriven", attempt, to=(found | sent)[one.letter.id])) for one in ours])
        for one in proposals:
            mark = one.letter.outcome
            if mark is None or mark.attempt != attempt:
                yield Outcome(one.letter, False, standing(one.letter))
            elif one.letter.id in sent:
                yield Outcome(one.letter, True, f"redriven to {mark.to}")
            else:
                yield Outcome(one.letter, True, f"had been sent already, to {mark.to}; it is marked as redriven now")

    def _evict(self, proposals: Sequence[Proposal], text: str) -> Iterator[Outcome]:
        attempt = uuid4().hex
        ours = self._hold(proposals, attempt)
        found = self._found([one.letter for one in ours], attempt)
        self._finish(
            [
                (one, self._mark(one, "redriven", attempt, to=found[one.letter.id]))
                if one.letter.id in found
                else (one, self._mark(one, "evicted", attempt)._replace(text=text))
                for one in ours
            ]
        )
        for one in proposals:
            mark = one.letter.outcome
            done = mark is not None and mark.attempt == attempt and mark.kind == "evicted"
            yield Outcome(one.letter, done, "evicted" if done else standing(one.letter))

    def _hold(self, proposals: Sequence[Proposal], attempt: str) -> list[Proposal]:
        """Those of the letters that are ours now."""
        asked = [one for one in proposals if one.letter.state == "open"]
        ends = self._log.ends(sorted({record.topic for one in asked for record in one.records[:1]}))
        marks = []
        for one in asked:
            to = None
            for record in one.records[:1]:
                partition = partition_for(record.key, self._log.partitions(record.topic))
                to = Place(record.topic, partition, ends[record.topic, partition])
            marks.append((one, self._mark(one, "redriving", attempt, to=to)._replace(holds=self._holds)))
        self._finish(marks)
        return [one for one in asked if one.letter.state == "open" and one.letter.holder and one.letter.holder.attempt == attempt]

    def _found(self, letters: Sequence[Letter], attempt: str) -> dict[str, Place]:
        """Letter -> its record in the log, for those that an earlier holder has written."""
        starts: dict[tuple[str, int], int] = {}
        wanted = set()
        for letter in letters:
            for mark in letter.marks:
                if mark.to is not None and mark.attempt != attempt:
                    wanted.add(letter.id)
                    lane = (mark.to.topic, mark.to.partition)
                    starts[lane] = min(mark.to.offset, starts.get(lane, mark.to.offset))
        found: dict[str, Place] = {}
        for (topic, partition), start in starts.items():
            for record in records(self._log, topic, partition, start, self._log.end(topic, partition)):
                of = redriven_from(record.headers)
                if of in wanted:
                    found.setdefault(of, Place(topic, partition, record.offset))
        return found

    def _finish(self, marks: Sequence[tuple[Proposal, Mark]]) -> None:
        """Write marks, and take them as the log has them, with those of others between them."""
        self._log.append([mark.to_record(one.key) for one, mark in marks])
        self._reader.read_on()

    def _mark(self, one: Proposal, kind: Kind, attempt: str, *, to: Place | None = None) -> Mark:
        return Mark(one.letter.id, kind, self._by, attempt, to=to)


def standing(letter: Letter) -> str:
    """What became of a letter, in words."""
    mark = letter.outcome
    if mark is not None:
        where = f" to {mark.to}" if mark.to is not None else ""
        why = f": {mark.text}" if mark.text else ""
        return f"was {mark.kind}{where} by {mark.by} at {format_time(mark.at)}{why}"
    if letter.holder is not None:
        holder = letter.holder
        return f"is in the hands of {holder.by} since {format_time(holder.at)}, until {format_time(holder.at + holder.holds)} at most"
    return "is open"


def superseded(log: Log, letters: Iterable[tuple[Letter, NewRecord]]) -> set[str]:
    """The letters whose record would take the place of a later one: of a contact the last record counts, and an erasure has to stay one.

    Each comes with the record that would be written for it. Raises `LogError`.
    """
    starts: dict[int, int] = {}
    by_key: dict[bytes | None, list[Letter]] = {}
    for letter, record in letters:
        if record.topic == CONTACT:
            partition = partition_for(record.key, log.partitions(CONTACT))
            start = letter.origin.offset + 1 if letter.origin[:2] == (CONTACT, partition) else 0
            starts[partition] = min(start, starts.get(partition, start))
            by_key.setdefault(record.key, []).append(letter)
    return {
        letter.id
        for partition, start in starts.items()
        for there in records(log, CONTACT, partition, start, log.end(CONTACT, partition))
        for letter in by_key.get(there.key, ())
        if _is_later(there, letter) and redriven_from(there.headers) != letter.id
    }


def redriven_from(headers: Headers) -> str | None:
    """The letter that a record was sent once more for; of several the last."""
    of = next((content for name, content in reversed(headers) if name == REDRIVEN), None)
    return None if of is None else of.decode(errors="replace")


def _is_later(there: Record, letter: Letter) -> bool:
    same_partition = letter.origin[:2] == (there.topic, there.partition)
    return there.offset > letter.origin.offset if same_partition else there.timestamp >= letter.at
