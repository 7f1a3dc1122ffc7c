"""Workers that break a law: where they read on, what they remember, what they do when something goes wrong, and when they end."""

from collections.abc import Mapping, Sequence
from typing import Any

from faust.transport.drivers import aiokafka
from faust.types import TP

from projections import partition
from streams import app, ingest, patience, projector, worker
from streams.drain import Drain
from streams.ingest import Ingest
from streams.positions import Lane
from streams.projector import Applied, Batch, Projector
from streams.transport.batches import BatchApp, Consumer
from tests.faults.broken import Set, nothing


def quarantine_after_commit(set_: Set) -> None:
    committed: Any = Projector._commit

    async def commit(self: Projector, *arguments: Any) -> Any:
        kept: list[Any] = []

        async def keep(letters: Any) -> None:
            kept.extend(letters)

        write, self._quarantine = self._quarantine, keep
        try:
            outcome = await committed(self, *arguments)
        finally:
            self._quarantine = write
        if kept:
            await write(kept)
        return outcome

    set_(Projector, "_commit", commit)


def stale_cache_kept(set_: Set) -> None:
    loaded = partition.load_partition
    held: dict[Any, Any] = {}

    async def load(store: Any, prefix: str, number: int) -> Any:
        state = await loaded(store, prefix, number)
        kept = held.setdefault((id(store), prefix, number), state)
        kept.version, kept.offsets = state.version, state.offsets
        return kept

    set_(projector, "load_partition", load)


def store_not_looked_at(set_: Set) -> None:
    set_(Ingest, "_compare", nothing)


def error_skips_the_batch(set_: Set) -> None:
    async def read_on(self: Ingest, partition: int) -> None:
        """As stock Faust does: what raised counts as done."""

    set_(Ingest, "_read_again", read_on)


def bad_record_stops_the_batch(set_: Set) -> None:
    judged = projector._judge

    def judge(batch: Any, grouped: Any, letters: Any) -> int:
        before = len(letters)
        events = judged(batch, grouped, letters)
        if len(letters) > before:
            grouped.clear()
        return events

    set_(projector, "_judge", judge)


def impatient(set_: Set) -> None:
    set_(ingest, "AWAY", ())
    set_(patience, "AWAY", ())


def failures_without_limit(set_: Set) -> None:
    set_(Projector, "_check_limits", lambda *_: None)


def never_gives_up(set_: Set) -> None:
    set_(Ingest, "_stop", lambda *_: None)


def poison_not_set_aside(set_: Set) -> None:
    async def narrow_down(self: Projector, partition: int, batches: Sequence[Batch], poison: Exception) -> Applied:
        raise poison

    set_(Projector, "_narrow_down", narrow_down)


def positions_remembered(set_: Set) -> None:
    asked = Ingest._positions

    async def positions(self: Ingest, partitions: set[int]) -> dict[Lane, int]:
        """Of lanes that this worker holds, those to which it believes to have come."""
        return {lane: self.positions.get(lane, offset) for lane, offset in (await asked(self, partitions)).items()}

    set_(Ingest, "_positions", positions)


def positions_of_kafka(set_: Set) -> None:
    async def seek_to_committed(self: Consumer) -> Mapping[TP, int]:
        await self.app.load_positions(self.assignment())
        committed = await aiokafka.Consumer.seek_to_committed(self)
        positions = {tp: max(0, offset or 0) for tp, offset in committed.items()}
        await self._go_on_at(positions)
        return positions

    set_(Consumer, "seek_to_committed", seek_to_committed)


def topics_torn_apart(set_: Set) -> None:
    def without_standby(*arguments: Any, **options: Any) -> BatchApp:
        return BatchApp(*arguments, **{**options, "table_standby_replicas": 0})

    set_(app, "BatchApp", without_standby)


def batches_in_hand_dropped(set_: Set) -> None:
    async def close(self: Ingest) -> None:
        self._closed = True
        for work in self._at_work.values():
            work.cancel()

    set_(Ingest, "close", close)


def farewell_without_end(set_: Set) -> None:
    set_(worker, "_FAREWELL", 3600.0)


def drain_ends_early(set_: Set) -> None:
    begin = Drain.begin

    async def begin_with_less(*arguments: Any) -> Drain:
        drain = await begin(*arguments)
        drain._ends = {lane: end // 10 for lane, end in drain._ends.items()}
        return drain

    set_(Drain, "begin", begin_with_less)


def drain_wants_records(set_: Set) -> None:
    is_done = Drain.is_done

    async def has_come_to_records(self: Drain) -> bool:
        return self.total > 0 and await is_done(self)

    set_(Drain, "is_done", has_come_to_records)
