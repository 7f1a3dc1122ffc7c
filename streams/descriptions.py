"""What is described and not counted, sequences and dashboards: the latest word on each, kept whole in one field of a hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

from events.topics import DASHBOARD, SEQUENCE
from events.wire import WireEvent
from projections import dashboards, definitions
from projections.account_fold import Owners
from projections.partition import PartitionState
from projections.tables.store import Commit, WritableStore


class _Meaning(Protocol):
    """What `projections.definitions` and `projections.dashboards` have in common."""

    def decode(self, packed: bytes, /) -> Any: ...
    def unite(self, known: Any, event: WireEvent, /) -> Any: ...
    def encode(self, known: Any, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Kind:
    """`id` is the field of the data that says what an event describes; `table` the hash that keeps it, by that id."""

    id: str
    table: str
    meaning: _Meaning


DESCRIBED: Final[Mapping[str, _Kind]] = {
    SEQUENCE: _Kind("sequence_id", "sequences", definitions),
    DASHBOARD: _Kind("dashboard_id", "dashboards", dashboards),
}
"""The topics whose events describe something, and what that is."""


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Events of one topic by account and id, with what is stored of each id (b"" where nothing is)."""

    prefix: str
    kind: _Kind
    events: Mapping[str, Owners]
    stored: Mapping[tuple[str, str], bytes]

    @classmethod
    async def load(cls, store: WritableStore, prefix: str, topic: str, events: Mapping[str, Owners]) -> Self:
        """The events of a topic (account -> id -> events) with what they are to be united with."""
        kind = DESCRIBED[topic]
        questions = [("HMGET", f"{prefix}{kind.table}:{account}", *ids) for account, ids in events.items()]
        answers = await store.ask(questions) if questions else []
        stored = {
            (account, id_): packed or b""
            for (account, ids), found in zip(events.items(), answers, strict=True)
            for id_, packed in zip(ids, found, strict=True)
        }
        return cls(prefix, kind, events, stored)

    def fold(self, state: PartitionState, commit: Commit) -> None:
        """Write what has changed into the commit."""
        meaning = self.kind.meaning
        for account, owners in self.events.items():
            for id_, events in owners.items():
                packed = self.stored[account, id_]
                known = meaning.decode(packed)
                for event in events:
                    assert event is not None
                    known = meaning.unite(known, event)
                encoded = meaning.encode(known)
                if encoded != packed:
                    commit.hashes.setdefault(f"{self.prefix}{self.kind.table}:{account}", {})[id_] = encoded
            commit.progress[f"contacts:{account}"] = state.account(account).contact_count  # makes the account known
