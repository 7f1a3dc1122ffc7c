"""What is known of a sequence itself: its newest definition, and whether it is archived (rule 15)."""

from typing import Any

import msgspec

from events.wire import WireEvent

NAMED_ONLY = b""
"""Stored for a sequence that other events name but no sequence event has described."""


class Step(msgspec.Struct, array_like=True, frozen=True, gc=False, order=True):
    """One step of a definition."""

    step_id: str
    order: int
    kind: str
    name: str


class Definition(msgspec.Struct, array_like=True):
    """The newest definition: greatest `version`, then latest `time` (ms since 1970 UTC), then greatest content. `version` 0 = never
    defined."""

    version: int = 0
    time: int = 0
    name: str | None = None
    owner_id: str | None = None
    given_created_at: int | None = None
    steps: list[Step] = msgspec.field(default_factory=list)
    first_defined_at: int | None = None
    archived: bool = False

    @property
    def created_at(self) -> int | None:
        """As given in the newest definition, else the time of the earliest one; ms since 1970 UTC."""
        return self.first_defined_at if self.given_created_at is None else self.given_created_at


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Definition)


def decode(packed: bytes) -> Definition:
    """A stored definition; NAMED_ONLY gives the empty one."""
    return _decoder.decode(packed) if packed else Definition()


def encode(definition: Definition) -> bytes:
    return _encoder.encode(definition)


def unite(known: Definition, event: WireEvent) -> Definition:
    """The definition after one more sequence event; order-free and idempotent."""
    if event.type == "sequence.archived":
        return msgspec.structs.replace(known, archived=True)
    data: Any = event.data
    first = event.time if known.first_defined_at is None else min(known.first_defined_at, event.time)
    steps = sorted(Step(step.step_id, step.order, step.kind, step.name) for step in data.steps)
    told = Definition(data.version, event.time, data.name, data.owner_id, data.created_at, steps, first, known.archived)
    if _rank(told) > _rank(known):
        return told
    return msgspec.structs.replace(known, first_defined_at=first)


def _rank(definition: Definition) -> tuple[object, ...]:
    content = (definition.name, definition.owner_id, definition.given_created_at, definition.steps)
    return (definition.version, definition.time, _encoder.encode(content))


def as_values(definition: Definition) -> object:
    """The definition as plain JSON values."""
    return msgspec.to_builtins(definition)
