"""What became of the dead letters: the topic `quarantine` as letters, and as the marks that operators put on them.

A mark is a record of the same partition as its letter, so the log says which of two came first. Whoever wants to redrive or evict a letter
first holds it, by the mark `redriving`. It is theirs if nobody else held it before, and for as long as the mark says: a process that died
must not keep a letter for ever. `redriven` says that the record is in the log once more, which stays true whoever says it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Self, cast, get_args

from events.envelope import header_attributes, is_account
from events.json_text import MAX_BYTES, read_json
from events.log.record import NewRecord, Record
from events.quarantine.dead_letter import ID, REASON, DeadLetter, told
from events.refusal import Refusal
from events.topics import QUARANTINE

State = Literal["open", "redriven", "evicted"]
STATES: Final[tuple[State, ...]] = get_args(State)
Kind = Literal["redriving", "redriven", "evicted"]
_MARK: Final = "tally-mark"


class Place(NamedTuple):
    """An offset of the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The place again. Raises `ValueError`."""
        topic, partition, offset = text.rsplit("/", 2)
        return cls(topic, int(partition), int(offset))


class Mark(NamedTuple):
    """What somebody did, or is about to do, with a letter."""

    letter: str
    """The identity of the letter."""
    kind: Kind
    by: str
    """The name of the user."""
    attempt: str
    """Distinguishes two calls of one user."""
    at: int = 0
    """The stamp of the log in ms; 0 before it is there."""
    holds: int = 0
    """For how many ms after `at` the letter is theirs; of `redriving` only."""
    to: Place | None = None
    """`redriving`: where the record will be, from this offset on. `redriven`: where it is."""
    text: str | None = None
    """Why it was evicted."""

    def to_record(self, key: bytes | None) -> NewRecord:
        """The record for the topic `quarantine`; the key is that of the letter."""
        said = {
            ID: self.letter,
            _MARK: self.kind,
            "tally-by": self.by,
            "tally-attempt": self.attempt,
            "tally-holds": str(self.holds) if self.holds else None,
            "tally-to": None if self.to is None else str(self.to),
            "tally-text": self.text,
        }
        headers = tuple((name, text.encode("utf-8", "backslashreplace")) for name, text in said.items() if text is not None)
        return NewRecord(QUARANTINE, key, None, headers)


@dataclass(slots=True)
class Letter:
    """A dead letter without its bytes, and what became of it."""

    id: str
    reason: str
    detail: str
    at: int
    """When the record came into the log, in ms."""
    origin: Place
    place: Place
    """Where on `quarantine` it stands."""
    account: str | None
    """As far as it can be told."""
    state: State = "open"
    holder: Mark | None = None
    """Whose it was last."""
    outcome: Mark | None = None
    """The mark that closed it."""
    marks: list[Mark] = field(default_factory=list)
    """In the order of the log, those that came too late among them."""

    def take(self, mark: Mark) -> None:
        """The next mark of the log."""
        self.marks.append(mark)
        if mark.kind == "redriving":
            if self.state == "open" and self._is_free_for(mark):
                self.holder = mark
        elif self.state != "redriven" and (mark.kind == "redriven" or (self.state == "open" and self._is_free_for(mark))):
            self.state, self.outcome = mark.kind, mark

    def _is_free_for(self, mark: Mark) -> bool:
        holder = self.holder
        return holder is None or holder.attempt == mark.attempt or mark.at >= holder.at + holder.holds


class DeadLetters:
    """The letters by identity. Records are taken in the order of their partition; a repetition of a letter is the same letter."""

    def __init__(self) -> None:
        self.letters: dict[str, Letter] = {}

    def take(self, record: Record) -> None:
        """The next record of `quarantine`. One that is neither letter nor mark is passed over, and so is the mark of an unknown letter."""
        headers = told(record.headers)[1]
        try:
            if _MARK in headers:
                if (marked := self.letters.get(headers[ID])) is not None:
                    marked.take(_read_mark(record))
            elif REASON in headers and headers[ID] not in self.letters:
                self.letters[headers[ID]] = _read_letter(record)
        except (KeyError, ValueError):
            return  # somebody else's record

    def by_state(self) -> dict[State, int]:
        """How many letters are in each state."""
        return {state: sum(letter.state == state for letter in self.letters.values()) for state in STATES}


def by_reason(letters: Iterable[Letter]) -> dict[str, int]:
    """How many letters have each reason, by name."""
    return dict(sorted(Counter(letter.reason for letter in letters).items()))


def account_of(letter: DeadLetter) -> str | None:
    """Whose record it is, as far as its headers, its value or its key tell; None if none of them does."""
    in_key = (letter.key or b"").partition(b"/")[0].decode(errors="replace")
    for named in (_in_headers(letter), _in_value(letter), in_key):
        if isinstance(named, str) and is_account(named):
            return named
    return None


def _in_headers(letter: DeadLetter) -> str | None:
    try:
        return header_attributes(letter.headers).get("account")
    except Refusal:
        return None


def _in_value(letter: DeadLetter) -> object:
    if letter.value is None or len(letter.value) > MAX_BYTES:
        return None
    try:
        document = read_json(letter.value)
    except Refusal:
        return None
    return document.get("account") if isinstance(document, dict) else None


def _read_letter(record: Record) -> Letter:
    whole = DeadLetter.read(record)
    origin = Place(whole.topic, whole.partition, whole.offset)
    place = Place(record.topic, record.partition, record.offset)
    return Letter(whole.identity, whole.reason, whole.detail, whole.timestamp, origin, place, account_of(whole))


def _read_mark(record: Record) -> Mark:
    headers = told(record.headers)[1]
    if headers[_MARK] not in get_args(Kind):
        raise ValueError(headers[_MARK])
    return Mark(
        letter=headers[ID],
        kind=cast(Kind, headers[_MARK]),
        by=headers["tally-by"],
        attempt=headers["tally-attempt"],
        at=record.timestamp,
        holds=int(headers.get("tally-holds", 0)),
        to=Place.read(headers["tally-to"]) if "tally-to" in headers else None,
        text=headers.get("tally-text"),
    )
