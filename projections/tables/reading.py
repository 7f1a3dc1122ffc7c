"""One reading of the tables: the parts that are asked for, with the progress and the generation they belong to.

It is one transaction; on a Redis Cluster one for each shard, one after the other. Every shard is then as of an instant of its own, which
its progress tells, and numbers of several shards are added up. All keys carry their generation, so a reading never mixes two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

import msgspec

from events.topics import SOURCE_TOPICS
from projections import generations
from projections.generations import Generation
from projections.tables.layout import shard_prefix
from projections.tables.store import Question, Store, StoreError

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_ATTEMPTS: Final = 5
"""A cutover in the middle of a read asks for one more round; this many cutovers in a row are no cutovers."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the active generation lies."""

    generation: int
    shards: int
    partitions: int


@dataclass(frozen=True, slots=True)
class Keys:
    """Whole keys of one account in one generation."""

    layout: Layout
    account: str

    def of(self, partition: int, key: str) -> str:
        """A key that belongs to a partition, and so to one shard."""
        return shard_prefix(self.layout.generation, partition % self.layout.shards) + key

    def everywhere(self, key: str) -> list[str]:
        """A key that every shard has its own share of."""
        return [shard_prefix(self.layout.generation, shard) + key for shard in range(self.layout.shards)]


class Part(Protocol[T_co]):
    """Something that can be read together with other things. Parts are values: equal parts ask the same."""

    def questions(self, keys: Keys) -> list[Question]:
        """What to ask the store."""
        ...

    def answer(self, answers: Sequence[Any]) -> T_co:
        """What the answers, in the order of the questions, mean."""
        ...


@dataclass(frozen=True, slots=True)
class PartitionProgress:
    """How far one partition has come."""

    version: int
    committed_at: int | None
    """ms since 1970 UTC of the last commit; None before the first."""
    events: int
    """How many events were applied, repetitions included."""
    contacts: int
    """How many contacts of the account have an ordinal here."""
    offsets: Mapping[str, int]
    """topic -> next offset."""


@dataclass(frozen=True, slots=True)
class ProgressPart:
    """The progress of every partition."""

    def questions(self, keys: Keys) -> list[Question]:
        fields = ("version", "committed_at", "events", f"contacts:{keys.account}", *(f"offset:{topic}" for topic in SOURCE_TOPICS))
        return [("HMGET", keys.of(partition, f"partition:{partition}"), *fields) for partition in range(keys.layout.partitions)]

    def answer(self, answers: Sequence[Any]) -> list[PartitionProgress]:
        return [
            PartitionProgress(
                version=int(version or 0),
                committed_at=None if committed_at is None else int(committed_at),
                events=int(events or 0),
                contacts=int(contacts or 0),
                offsets={topic: int(offset or 0) for topic, offset in zip(SOURCE_TOPICS, offsets, strict=True)},
            )
            for version, committed_at, events, contacts, *offsets in answers
        ]


_PROGRESS: Final = ProgressPart()


@dataclass(frozen=True, slots=True)
class Reading:
    """The answers of one round trip, each shard as of one instant; `reading[part]` is what `part` asked for."""

    keys: Keys
    progress: list[PartitionProgress]
    answers: Mapping[Part[Any], list[Any]] = field(repr=False)
    """As the store gave them."""

    @property
    def generation(self) -> int:
        return self.keys.layout.generation

    def __getitem__(self, part: Part[T]) -> T:
        return part.answer(self.answers[part])


class Tables:
    """Reads the tables of the active generation.

    `shards` and `partitions` count for a generation that has no entry in `tally:generations`, such as an empty store.
    """

    def __init__(self, store: Store, *, shards: int = 1, partitions: int = 4) -> None:
        self._store = store
        self._default = Layout(generation=1, shards=shards, partitions=partitions)
        self._layout = self._default

    def read(self, account: str, *parts: Part[Any]) -> Reading:
        """Everything the parts ask for, in one round trip; in one more after a cutover.

        Raises `StoreError` if the store cannot answer.
        """
        for _ in range(_ATTEMPTS):
            keys = Keys(self._layout, account)
            asked: list[Part[Any]] = [_PROGRESS, *parts]
            questions: list[Question] = []
            spans = []
            for part in asked:
                start = len(questions)
                questions += part.questions(keys)
                spans.append(slice(start, len(questions)))
            # Last, as shards may be read one after the other: a generation that is active then was there all the time, as the active one
            # cannot be dropped and no number is used twice.
            questions.append(("HGETALL", generations.KEY))
            answers = self._store.read(questions)
            active = self._active(answers[-1])
            if active == keys.layout:
                by_part = {part: answers[span] for part, span in zip(asked, spans, strict=True)}
                return Reading(keys, _PROGRESS.answer(by_part[_PROGRESS]), by_part)
            self._layout = active
        raise StoreError(f"the active generation changed {_ATTEMPTS} times during one read; ask again when the cutovers are over")

    def _active(self, known: Mapping[bytes, bytes]) -> Layout:
        described = known.get(known.get(b"active", b""))
        if described is None:
            return self._default
        made = msgspec.json.decode(described, type=Generation)
        return Layout(made.number, made.shards, made.partitions)
