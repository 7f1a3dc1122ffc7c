"""verify and diff on random nasty histories: what the projector wrote is what the log says, however it was cut into batches and shards."""

from random import Random
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from projections.tables.memory import MemoryStore
from streams.diff import diff
from streams.partition_check import Scope
from streams.verify import verify
from tests.folding import PARTITIONS
from tests.history_log import HistoryLog, projected
from tests.strategies.histories import histories


@given(histories(ties=True), st.integers(0, 2**32), st.sampled_from([1, 2, PARTITIONS]))
def test_what_the_projector_wrote_is_what_the_log_says(events: list[dict[str, Any]], seed: int, shards: int) -> None:
    log, store = HistoryLog(events), MemoryStore()
    log.spoil("email-events", seed % PARTITIONS)
    projected(log, store, shards=shards, random=Random(seed))
    found = verify(store, log)
    assert found.differences == []
    assert found.not_compared == []
    assert found.events == len(events)


@given(histories(ties=True), st.integers(0, 2**32), st.floats(0, 1))
def test_a_projection_that_is_behind_is_what_the_log_says_up_to_there(events: list[dict[str, Any]], seed: int, share: float) -> None:
    log, store = HistoryLog(events), MemoryStore()
    projected(log, store, random=Random(seed), share=share)
    assert verify(store, log).differences == []
    assert verify(store, log, scope=Scope(sample=50, seed=seed)).differences == []


@given(histories(ties=True), st.integers(0, 2**32), st.sampled_from([(1, 1), (1, 3), (4, 2)]))
def test_generations_of_one_log_are_equal_whatever_their_batches_and_shards(
    events: list[dict[str, Any]], seed: int, shards: tuple[int, int]
) -> None:
    log, store = HistoryLog(events), MemoryStore()
    for number, count in enumerate(shards, 1):
        projected(log, store, number=number, shards=count, random=Random(seed + number))
    found = diff(store, log, 1, 2)
    assert (found.differences, found.not_compared, found.behind) == ([], [], {})


@given(histories(ties=True), st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1))
def test_generations_at_different_offsets_differ_in_nothing_that_can_be_compared(
    events: list[dict[str, Any]], seed: int, one: float, other: float
) -> None:
    log, store = HistoryLog(events), MemoryStore()
    projected(log, store, number=1, random=Random(seed), share=one)
    projected(log, store, number=2, shards=2, random=Random(seed + 1), share=other)
    assert diff(store, log, 1, 2).differences == []
