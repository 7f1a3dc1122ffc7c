"""What can be asked of the tables, each as a part of a reading (layout.py draws the keys)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from events.partitioner import partition_for
from events.topics import record_key
from projections import dashboards, definitions
from projections.dashboards import Dashboard
from projections.definitions import Definition
from projections.tables.layout import SEPARATOR
from projections.tables.reading import Keys
from projections.tables.store import Question


class Counts(Protocol):
    """Counter name -> number, for every name of layout.COUNTERS; one that is not stored is zero."""

    def __getitem__(self, name: str, /) -> int: ...


def _added_up(answers: Sequence[Mapping[bytes, bytes]]) -> Counter[str]:
    """The shards' counters as one; a Counter, so that an absent one reads as zero."""
    counts: Counter[str] = Counter()
    for answer in answers:
        for name, number in answer.items():
            counts[name.decode()] += int(number)
    return counts


@dataclass(frozen=True, slots=True)
class SequenceCounters:
    """layout.COUNTERS of one sequence."""

    sequence: str

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", key) for key in keys.everywhere(f"sequence:{keys.account}{SEPARATOR}{self.sequence}")]

    def answer(self, answers: Sequence[Any]) -> Counts:
        return _added_up(answers)


@dataclass(frozen=True, slots=True)
class AccountCounters:
    """layout.COUNTERS over all sequences, and layout.ACCOUNT_COUNTERS."""

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", key) for key in keys.everywhere(f"account:{keys.account}")]

    def answer(self, answers: Sequence[Any]) -> Counts:
        return _added_up(answers)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Reason -> records set aside, of all accounts."""

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", key) for key in keys.everywhere("quarantined")]

    def answer(self, answers: Sequence[Any]) -> Counter[str]:
        return _added_up(answers)


class SequenceSteps(NamedTuple):
    """The step counters of one sequence: step -> layout.STEP_COUNTERS -> number, and status -> enrollments without a step."""

    steps: Mapping[str, Counts]
    no_step: Counts


@dataclass(frozen=True, slots=True)
class StepCounters:
    """The step counters of one sequence."""

    sequence: str

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", key) for key in keys.everywhere(f"steps:{keys.account}{SEPARATOR}{self.sequence}")]

    def answer(self, answers: Sequence[Any]) -> SequenceSteps:
        steps: dict[str, Counter[str]] = {}
        no_step: Counter[str] = Counter()
        for field, number in _added_up(answers).items():
            name, _, rest = field.partition(":")
            if name == "no_step":
                no_step[rest] = number
            else:
                steps.setdefault(rest, Counter())[name] = number
        return SequenceSteps(steps, no_step)


def _newest(packed: Sequence[bytes | None]) -> Definition | None:
    """Of one sequence: the definition of the shard that has one; None if no shard knows the sequence.

    A sequence is defined in the one shard of its own record key, and merely named in the shards of its contacts.
    """
    known = [definitions.decode(one) for one in packed if one is not None]
    return max(known, key=lambda definition: (definition.version, definition.archived), default=None)


@dataclass(frozen=True, slots=True)
class SequenceDefinition:
    """The newest definition of one sequence; None if no event has named it."""

    sequence: str

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGET", key, self.sequence) for key in keys.everywhere(f"sequences:{keys.account}")]

    def answer(self, answers: Sequence[Any]) -> Definition | None:
        return _newest(answers)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every sequence that any event has named, by id in order of code points."""

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", key) for key in keys.everywhere(f"sequences:{keys.account}")]

    def answer(self, answers: Sequence[Any]) -> dict[str, Definition]:
        packed: dict[str, list[bytes]] = {}
        for answer in answers:
            for sequence, definition in answer.items():
                packed.setdefault(sequence.decode(), []).append(definition)
        return {sequence: _newest(packed[sequence]) or Definition() for sequence in sorted(packed)}


@dataclass(frozen=True, slots=True)
class Dashboards:
    """Every dashboard that any event has named, deleted ones too, by id in order of code points."""

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", key) for key in keys.everywhere(f"dashboards:{keys.account}")]

    def answer(self, answers: Sequence[Any]) -> dict[str, Dashboard]:
        known: dict[str, Dashboard] = {}
        for answer in answers:
            for dashboard, packed in answer.items():
                name = dashboard.decode()
                known[name] = dashboards.later(known.get(name, Dashboard()), dashboards.decode(packed))
        return dict(sorted(known.items()))


class Chunk(NamedTuple):
    """The address of one chunk of rows. Chunks sort by sequence first, so that a sequence's rows lie side by side."""

    sequence: str
    partition: int
    number: int


@dataclass(frozen=True, slots=True)
class NewNames:
    """For each partition the ids whose codes come after those already known."""

    known: tuple[int, ...]
    """How many codes of each partition are known; partitions beyond have none."""

    def questions(self, keys: Keys) -> list[Question]:
        known = (*self.known, *(0,) * keys.layout.partitions)
        return [
            ("LRANGE", keys.of(partition, f"names:{partition}:{keys.account}"), known[partition], -1)
            for partition in range(keys.layout.partitions)
        ]

    def answer(self, answers: Sequence[Any]) -> list[list[str]]:
        return [[name.decode() for name in names] for names in answers]


@dataclass(frozen=True, slots=True)
class ContactIds:
    """For each partition the ids of the contacts whose ordinals come after those already known."""

    known: tuple[int, ...]
    """How many contacts of each partition are known; partitions beyond have none."""

    def questions(self, keys: Keys) -> list[Question]:
        known = (*self.known, *(0,) * keys.layout.partitions)
        return [
            ("LRANGE", keys.of(partition, f"contact-ids:{partition}:{keys.account}"), known[partition], -1)
            for partition in range(keys.layout.partitions)
        ]

    def answer(self, answers: Sequence[Any]) -> list[list[str]]:
        return [[contact.decode() for contact in contacts] for contacts in answers]


@dataclass(frozen=True, slots=True)
class ContactStates:
    """The packed states of some contacts, each given with its partition; None for one that no event has named."""

    contacts: tuple[tuple[int, str], ...]

    def questions(self, keys: Keys) -> list[Question]:
        return [
            ("HMGET", keys.of(partition, f"contacts:{partition}:{keys.account}"), *contacts)
            for partition, contacts in self._by_partition().items()
        ]

    def answer(self, answers: Sequence[Any]) -> dict[tuple[int, str], bytes | None]:
        return {
            (partition, contact): packed
            for (partition, contacts), found in zip(self._by_partition().items(), answers, strict=True)
            for contact, packed in zip(contacts, found, strict=True)
        }

    def _by_partition(self) -> dict[int, list[str]]:
        by_partition: dict[int, list[str]] = {}
        for partition, contact in self.contacts:
            by_partition.setdefault(partition, []).append(contact)
        return by_partition


@dataclass(frozen=True, slots=True)
class ContactState:
    """The packed state of one contact; None if no event has named it."""

    contact: str

    def questions(self, keys: Keys) -> list[Question]:
        partition = self.partition(keys)
        return [("HGET", keys.of(partition, f"contacts:{partition}:{keys.account}"), self.contact)]

    def answer(self, answers: Sequence[Any]) -> bytes | None:
        packed: bytes | None = answers[0]
        return packed

    def partition(self, keys: Keys) -> int:
        """Where all that concerns the contact lies."""
        return partition_for(record_key(keys.account, self.contact), keys.layout.partitions)


@dataclass(frozen=True, slots=True)
class SharedLists:
    """For each partition the packed `shared:` lists of its contacts."""

    def questions(self, keys: Keys) -> list[Question]:
        return [("HGETALL", keys.of(partition, f"shared:{partition}:{keys.account}")) for partition in range(keys.layout.partitions)]

    def answer(self, answers: Sequence[Any]) -> list[list[bytes]]:
        return [list(answer.values()) for answer in answers]
