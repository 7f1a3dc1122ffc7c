"""How far the projection has come, against the log."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cli.clock import now
from events.log.port import Log
from events.topics import ENROLLMENT, SOURCE_TOPICS

if TYPE_CHECKING:
    from projections.tables.reader import Reader


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
class Standing:
    """Where everything stands. Numbers without a lane are those of one account; `quarantined` (by reason) is of all."""

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
    partitions: list[Lane]

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def standing(reader: "Reader", log: Log, account: str) -> Standing:
    """Read where everything stands. Raises `StoreError`, `LogError`."""
    from events.rfc3339 import format_time
    from projections.tables.parts import AccountCounters, Quarantined

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
    return Standing(
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
        partitions=lanes,
    )


def partitions_of(log: Log) -> int:
    """How many partitions the log has."""
    return log.partitions(ENROLLMENT)
