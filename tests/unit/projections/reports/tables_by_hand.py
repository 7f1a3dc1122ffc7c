"""Tables written by hand, as layout.py draws them, from enrollments that say plainly what they are.

The counters are counted here in plain Python, apart from the code under test.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from projections import definitions
from projections.definitions import Definition
from projections.meaning import FLAGS, MESSAGE_FACTS, MESSAGE_NUMBERS, OUTCOMES, REASONS, STATUSES, STEP_FACTS, TOTALS
from projections.rows import Column
from projections.tables.layout import CHUNK_ROWS, NO_OUTCOME, NO_TIME, ROW, SEPARATOR, STEP_CELL, shard_prefix
from projections.tables.memory import MemoryStore

ACCOUNT = "default"
PREFIX = shard_prefix(1, 0)


@dataclass(frozen=True)
class Enrolled:
    """One enrollment. `flags`, `messages` and `steps` are empty unless it is started."""

    contact: str
    sequence: str
    partition: int = 0
    status: str = "active"
    reason: str = ""
    outcome: str = "active"
    flags: frozenset[str] = frozenset()
    step: str | None = None
    enrolled_by: str | None = None
    team: str | None = None
    company: str | None = None
    variant: str | None = None
    started_at: int = 0
    totals: dict[str, int] = field(default_factory=dict, hash=False)
    """Without sent and delivered, which follow from the messages."""
    messages: dict[str, frozenset[str]] = field(default_factory=dict, hash=False)
    """Message -> MESSAGE_FACTS."""
    steps: dict[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict, hash=False)
    """Step -> STEP_FACTS, and those of `messages` that it sent."""

    @property
    def started(self) -> bool:
        return self.status not in ("scheduled", "canceled", "orphan")

    def counts(self) -> dict[str, int]:
        """All TOTALS."""
        facts = self.messages.values()
        return {
            **{name: self.totals.get(name, 0) for name in TOTALS},
            "sent": sum("sent" in one for one in facts),
            "delivered": sum("delivered" in one for one in facts),
        }


def counts_in(message: frozenset[str], fact: str) -> bool:
    """Whether a message counts as a numerator (or is one of the two denominators)."""
    if fact in ("sent", "delivered"):
        return fact in message
    return fact in message and ("sent" if fact == "bounced" else "delivered") in message


def counters(enrollments: Sequence[Enrolled]) -> Counter[str]:
    """layout.COUNTERS of a scope, from their definitions."""
    made: Counter[str] = Counter(f"status.{one.status}" for one in enrollments)
    started = [one for one in enrollments if one.started]
    made.update(f"outcome.{one.outcome}" for one in started)
    of_contact: dict[tuple[int, str], list[Enrolled]] = defaultdict(list)
    messages: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    for one in started:
        of_contact[one.partition, one.contact].append(one)
        made.update(f"enrollments.{flag}" for flag in with_engaged(one.flags))
        made.update({f"total.{name}": number for name, number in one.counts().items()})
        for message, facts in one.messages.items():
            messages[one.partition, one.contact, message] |= facts
    for own in of_contact.values():
        made["contacts.all"] += 1
        made.update({f"contacts.{flag}" for one in own for flag in with_engaged(one.flags)})
        silent = any(one.outcome == "no_response" for one in own)
        if silent and not any(one.status in ("active", "paused") or one.flags & {"replied", "met"} for one in own):
            made["contacts.no_response"] += 1
    for united in messages.values():
        made.update(f"messages.{fact}" for fact in MESSAGE_FACTS if counts_in(frozenset(united), fact))
    return made


def step_counters(enrollments: Iterable[Enrolled]) -> Counter[str]:
    """The fields of `steps:` of one sequence."""
    made: Counter[str] = Counter()
    facts: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    messages: set[tuple[str, int, str, str]] = set()
    for one in enrollments:
        if one.started:
            made[f"no_step:{one.status}" if one.step is None else f"status.{one.status}:{one.step}"] += 1
            for step, (own, sent) in one.steps.items():
                facts[step, one.partition, one.contact] |= own
                messages |= {(step, one.partition, one.contact, message) for message in sent}
    made.update(f"sent:{step}" for step, *_ in messages)
    for (step, _, _), united in facts.items():
        made.update(f"contacts.{fact}:{step}" for fact in united if fact == "skipped" or "executed" in united)
    return made


def with_engaged(flags: frozenset[str]) -> set[str]:
    made = set(flags)
    if flags & {"opened", "clicked", "replied", "met"}:
        made.add("engaged")
    if flags & {"opened_any", "clicked_any", "replied", "met"}:
        made.add("engaged_any")
    return made


def fill(store: MemoryStore, enrollments: Sequence[Enrolled], catalogue: dict[str, Definition], partitions: int = 4) -> None:
    """Write every table of the account."""
    for partition in range(partitions):
        _fill_partition(store, partition, [one for one in enrollments if one.partition == partition])
    for sequence, definition in catalogue.items():
        packed = definitions.encode(definition) if definition != Definition() else b""
        store.hashes.setdefault(f"{PREFIX}sequences:{ACCOUNT}", {})[sequence.encode()] = packed
    _put(store, f"account:{ACCOUNT}", counters(enrollments))
    for sequence in catalogue:
        own = [one for one in enrollments if one.sequence == sequence]
        _put(store, f"sequence:{ACCOUNT}{SEPARATOR}{sequence}", counters(own))
        _put(store, f"steps:{ACCOUNT}{SEPARATOR}{sequence}", step_counters(own))


def _put(store: MemoryStore, key: str, numbers: Counter[str]) -> None:
    store.hashes[PREFIX + key] = {name.encode(): str(number).encode() for name, number in numbers.items()}


def _fill_partition(store: MemoryStore, partition: int, enrollments: Sequence[Enrolled]) -> None:
    names: dict[str, int] = {}
    ordinals: dict[str, int] = {}
    rows: dict[str, list[Enrolled]] = defaultdict(list)
    shared: dict[str, dict[str, list[list[Any]]]] = defaultdict(lambda: defaultdict(list))
    written: dict[str, list[bytes]] = defaultdict(list)
    for one in enrollments:
        number = len(rows[one.sequence])
        rows[one.sequence].append(one)
        written[one.sequence].append(_row(one, names, ordinals.setdefault(one.contact, len(ordinals))).tobytes())
        for message, facts in one.messages.items():
            steps = [_code(names, step) for step, (_, sent) in one.steps.items() if message in sent]
            shared[one.contact][message].append([_code(names, one.sequence), number, _bits(facts, MESSAGE_FACTS), steps])
    for sequence, records in written.items():
        for chunk in range(0, len(records), CHUNK_ROWS):
            address = f"{partition}:{chunk // CHUNK_ROWS}"
            store.strings[f"{PREFIX}rows:{address}:{ACCOUNT}{SEPARATOR}{sequence}"] = bytearray(
                b"".join(records[chunk : chunk + CHUNK_ROWS])
            )
            store.hashes.setdefault(f"{PREFIX}chunks:{ACCOUNT}", {})[f"{address}:{sequence}".encode()] = b"1"
            own = rows[sequence][chunk : chunk + CHUNK_ROWS]
            for step in {step for one in own for step in one.steps}:
                cells = np.zeros(len(own), STEP_CELL)
                for position, one in enumerate(own):
                    facts, sent = one.steps.get(step, (frozenset(), frozenset()))
                    cells[position] = (_bits(facts, STEP_FACTS), len(sent), 0, 0, 0)
                # Redis holds no cells beyond the last row that has any.
                used = np.flatnonzero((cells["facts"] != 0) | (cells["sent"] != 0))
                held = cells[: int(used[-1]) + 1 if len(used) else 0]
                store.strings[f"{PREFIX}cells:{address}:{ACCOUNT}{SEPARATOR}{sequence}{SEPARATOR}{step}"] = bytearray(held.tobytes())
    for contact, messages in shared.items():
        lists = [entries for entries in messages.values() if len(entries) > 1]
        if lists:
            packed = msgspec.msgpack.encode(lists)
            store.hashes.setdefault(f"{PREFIX}shared:{partition}:{ACCOUNT}", {})[contact.encode()] = packed
    store.lists[f"{PREFIX}names:{partition}:{ACCOUNT}"] = [name.encode() for name in names]
    store.hashes[f"{PREFIX}partition:{partition}"] = {
        b"version": b"1",
        b"committed_at": str(1_772_445_600_000 + partition).encode(),
        f"contacts:{ACCOUNT}".encode(): str(len(ordinals)).encode(),
        b"offset:enrollment-events": str(len(enrollments)).encode(),
        b"offset:email-events": b"10",
        b"events": str(len(enrollments) + 10).encode(),
    }


def _row(one: Enrolled, names: dict[str, int], ordinal: int) -> Column:
    row = np.zeros(1, ROW)
    row["contact"] = ordinal
    row["status"] = STATUSES.index(one.status)
    row["outcome"] = OUTCOMES.index(one.outcome) if one.started else NO_OUTCOME
    row["started_at"] = one.started_at if one.started else NO_TIME
    row["ended_at"] = row["last_engaged_at"] = NO_TIME
    for column in ("step", "enrolled_by", "team", "company", "variant"):
        row[column] = _code(names, getattr(one, column))
    if one.started:
        row["flags"] = _bits(one.flags, FLAGS)
        row["reason"] = REASONS.index(one.reason)
        for name, number in one.counts().items():
            row[name] = number
        for name in MESSAGE_NUMBERS:
            row[f"messages_{name}"] = sum(counts_in(facts, name) for facts in one.messages.values())
    return row


def _code(names: dict[str, int], text: str | None) -> int:
    return 0 if text is None else names.setdefault(text, len(names) + 1)


def _bits(facts: Iterable[str], vocabulary: Sequence[str]) -> int:
    return sum(1 << vocabulary.index(fact) for fact in facts)
