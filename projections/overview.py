"""Where everything stands: how far the projection has come, against the log, and what waits, is odd or was set aside."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from events.log.port import Log, LogError
from events.publisher import now
from events.quarantine.dead_letters import by_reason
from events.quarantine.reader import QuarantineReader
from events.rfc3339 import format_time
from events.topics import ENROLLMENT, SOURCE_TOPICS
from projections.tables.parts import AccountCounters, Quarantined
from projections.tables.reader import Reader

LOOKED_AT: Final = 50_000
"""Records of the quarantine, the newest, that are looked at: about a second's worth."""


@dataclass(frozen=True, slots=True)
class Lane:
    """One partition of one topic. `lag` in records; `lag_seconds`: for how long the oldest of them has been in the log."""

    topic: str
    partition: int
    applied: int
    end: int
    lag: int
    lag_seconds: float


@dataclass(frozen=True, slots=True)
class Letters:
    """What became of the dead letters of all accounts, as the log has them."""

    open: int
    redriven: int
    evicted: int
    open_reasons: dict[str, int]
    whole: bool
    """False if there are so many that only the newest were looked at."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Where everything stands. Numbers without a lane are those of one account; `quarantined` (by reason) is of all, in the projection."""

    account: str
    generation: int
    last_commit: str | None
    applied: int
    end: int
    lag: int
    lag_seconds: float
    waiting: int
    orphan: int
    anomalies: dict[str, int]
    quarantined: dict[str, int]
    dead_letters: Letters | None
    """None if the log does not show them."""
    partitions: list[Lane]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def overview(reader: Reader, log: Log, account: str, quarantine: QuarantineReader | None = None) -> Overview:
    """Read where everything stands. `quarantine` is read on, if one is given. Raises `StoreError`, `LogError`."""
    ends = log.ends(SOURCE_TOPICS)
    counters, quarantined = AccountCounters(), Quarantined()
    reading = reader.read(account, counters, quarantined)
    present = now()
    lanes = []
    for topic in SOURCE_TOPICS:
        for partition in range(log.partitions(topic)):
            applied = reading.progress[partition].offsets[topic] if partition < len(reading.progress) else 0
            # The ends were asked first, so the projection may be ahead of them by now.
            end = max(ends[topic, partition], applied)
            oldest = log.read(topic, partition, applied, 1) if applied < end else []
            seconds = max(0, present - oldest[0].timestamp) / 1000 if oldest else 0.0
            lanes.append(Lane(topic, partition, applied, end, end - applied, seconds))
    counts = reading[counters]
    committed = [one.committed_at for one in reading.progress if one.committed_at is not None]
    return Overview(
        account=account,
        generation=reading.generation,
        last_commit=format_time(max(committed)) if committed else None,
        applied=sum(lane.applied for lane in lanes),
        end=sum(lane.end for lane in lanes),
        lag=sum(lane.lag for lane in lanes),
        lag_seconds=max((lane.lag_seconds for lane in lanes), default=0.0),
        waiting=counts["waiting"],
        orphan=counts["status.orphan"],
        anomalies={name: counts[f"anomaly.{name}"] for name in ("implicit_start", "second_end")},
        quarantined={reason: count for reason, count in sorted(reading[quarantined].items()) if count},
        dead_letters=_letters(QuarantineReader(log, newest=LOOKED_AT) if quarantine is None else quarantine),
        partitions=lanes,
    )


def _letters(reader: QuarantineReader) -> Letters | None:
    try:
        reader.read_on()
    except LogError:
        return None
    found = reader.dead_letters
    reasons = by_reason(letter for letter in found.letters.values() if letter.state == "open")
    return Letters(**found.by_state(), open_reasons=reasons, whole=reader.is_whole)


def partitions_of(log: Log) -> int:
    """How many partitions the log has."""
    return log.partitions(ENROLLMENT)
