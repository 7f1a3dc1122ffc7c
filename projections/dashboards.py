"""What is known of a dashboard: the latest save, or that it was deleted."""

from typing import Any

import msgspec

from events.wire import WireEvent


class Card(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A report to look at: its name, its parameters in order of their names, and what people call the card."""

    report: str
    parameters: dict[str, list[str]]
    title: str | None


class Dashboard(msgspec.Struct, array_like=True, frozen=True):
    """The latest word on a dashboard. `time` in ms since 1970 UTC, 0 = no event has named it.

    A deleted one has neither name nor cards. It is kept, so that an older save that comes in late does not bring it back.
    """

    time: int = 0
    name: str | None = None
    cards: list[Card] = msgspec.field(default_factory=list)

    @property
    def is_there(self) -> bool:
        return self.name is not None

    def next_time(self, now: int) -> int:
        """The time of the next word on it: now, or just after the latest one where a clock is behind that, for it would be lost."""
        return max(now, self.time + 1)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Dashboard)


def decode(packed: bytes) -> Dashboard:
    """A stored dashboard; no bytes give the one that no event has named."""
    return _decoder.decode(packed) if packed else Dashboard()


def encode(dashboard: Dashboard) -> bytes:
    return _encoder.encode(dashboard)


def unite(known: Dashboard, event: WireEvent) -> Dashboard:
    """The dashboard after one more of its events; order-free and idempotent."""
    if event.type == "dashboard.deleted":
        return later(known, Dashboard(event.time))
    data: Any = event.data
    cards = [Card(card.report, dict(sorted((card.parameters or {}).items())), card.title) for card in data.cards]
    return later(known, Dashboard(event.time, data.name, cards))


def later(one: Dashboard, other: Dashboard) -> Dashboard:
    """The one of the later time; of equal times a save before a deletion, and then the greater content."""
    return max(one, other, key=_rank)


def _rank(dashboard: Dashboard) -> tuple[object, ...]:
    return (dashboard.time, dashboard.is_there, encode(dashboard))


def as_values(dashboard: Dashboard) -> object:
    """The dashboard as plain JSON values."""
    return msgspec.to_builtins(dashboard)
