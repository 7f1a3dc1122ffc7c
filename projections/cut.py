"""A cut: how far the partitions of a shard are, and all that their commits add up, as of one instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from projections.difference import Counter
from projections.generations import Generation
from projections.tables.layout import SEPARATOR, shard_prefix
from projections.tables.store import Question, Store

_OFFSET = "offset:"
_CONTACTS = "contacts:"
_ROWS = "rows:"


@dataclass(frozen=True)
class Progress:
    """The progress hash of a partition: field -> number."""

    fields: Mapping[str, int]

    @classmethod
    def of(cls, answer: Mapping[bytes, bytes]) -> "Progress":
        return cls({name.decode(): int(number) for name, number in answer.items()})

    @cached_property
    def offsets(self) -> dict[str, int]:
        """topic -> next offset; a topic that is missing stands at 0."""
        return {name.removeprefix(_OFFSET): number for name, number in self.fields.items() if name.startswith(_OFFSET)}

    @property
    def accounts(self) -> set[str]:
        return {name.removeprefix(_CONTACTS) for name in self.fields if name.startswith(_CONTACTS)}

    @property
    def sequences(self) -> set[tuple[str, str]]:
        """(account, sequence id) of every sequence that has rows here."""
        named = (name.removeprefix(_ROWS).partition(SEPARATOR) for name in self.fields if name.startswith(_ROWS))
        return {(account, sequence_id) for account, _, sequence_id in named}

    @property
    def counts(self) -> dict[str, int]:
        """The fields that count something: events, contacts, names and rows."""
        return {name: number for name, number in self.fields.items() if name == "events" or name.startswith((_CONTACTS, "names:", _ROWS))}


@dataclass(frozen=True, slots=True)
class Cut:
    """One shard. `progress` by partition; `sequences` and `dashboards` by (account, id), packed; `quarantined` by reason."""

    progress: Mapping[int, Progress]
    counters: Mapping[Counter, int]
    sequences: Mapping[tuple[str, str], bytes]
    dashboards: Mapping[tuple[str, str], bytes]
    quarantined: Mapping[str, int]


def read_cut(store: Store, generation: Generation, shard: int) -> Cut:
    """All of it in one transaction, which is asked for again when it shows accounts or sequences that it did not ask about.

    Raises `StoreError`.
    """
    prefix = shard_prefix(generation.number, shard)
    partitions = range(shard, generation.partitions, generation.shards)
    accounts: list[str] = []
    sequences: list[tuple[str, str]] = []
    while True:
        questions: list[Question] = [("HGETALL", f"{prefix}quarantined")]
        questions += [("HGETALL", generation.progress_key(partition)) for partition in partitions]
        for account in accounts:
            questions += [("HGETALL", f"{prefix}{table}:{account}") for table in ("sequences", "dashboards", "account")]
        for account, sequence_id in sequences:
            questions += [("HGETALL", f"{prefix}{table}:{account}{SEPARATOR}{sequence_id}") for table in ("sequence", "steps")]
        answers = iter(store.read(questions))
        quarantined = _numbers(next(answers))
        progress = {one: Progress.of(next(answers)) for one in partitions}
        described: dict[str, dict[tuple[str, str], bytes]] = {"sequences": {}, "dashboards": {}}
        counters: dict[Counter, int] = {}
        for account in accounts:
            for found in described.values():
                found.update({(account, id_.decode()): packed for id_, packed in next(answers).items()})
            counters |= {(account, "", field): number for field, number in _numbers(next(answers)).items()}
        for account, sequence_id in sequences:
            for fields in (next(answers), next(answers)):
                counters |= {(account, sequence_id, field): number for field, number in _numbers(fields).items()}
        known = {account for one in progress.values() for account in one.accounts}
        named = {sequence for one in progress.values() for sequence in one.sequences} | described["sequences"].keys()
        if known <= set(accounts) and named <= set(sequences):
            return Cut(progress, counters, described["sequences"], described["dashboards"], quarantined)
        accounts = sorted(known | set(accounts))
        sequences = sorted(named | set(sequences))


def _numbers(answer: Mapping[Any, Any]) -> dict[str, int]:
    return {field.decode(): int(number) for field, number in answer.items()}
