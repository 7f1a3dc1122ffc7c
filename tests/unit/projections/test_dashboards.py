"""What is known of a dashboard, whatever the order in which its events come in."""

from functools import reduce
from itertools import permutations
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from events.catalog import DashboardCard
from events.wire import WireEvent, decode
from projections import dashboards
from projections.dashboards import Card, Dashboard
from projections.saved_dashboards import DashboardList, UnknownDashboard, dashboard_list, saved_dashboard
from projections.tables.layout import shard_prefix
from projections.tables.memory import MemoryStore
from projections.tables.reader import Reader
from tests.folding import folded
from tests.strategies.events import STAMPED_AT, encode


def event(second: int, name: str | None = "Sales", *cards: dict[str, Any], dashboard_id: str = "d-1") -> dict[str, Any]:
    """A save at a second of the hour; without a name a deletion."""
    said = {"dashboard_id": dashboard_id} | ({} if name is None else {"name": name, "cards": list(cards)})
    return {
        "specversion": "1.0",
        "id": f"{second}-{name}-{len(cards)}",
        "source": "tests",
        "type": "dashboard.deleted" if name is None else "dashboard.saved",
        "time": f"2026-03-02T09:00:{second:02}Z",
        "data": said,
    }


def read(told: dict[str, Any]) -> WireEvent:
    return decode("dashboard-events", b"default", encode(told, "bare")[0], (), STAMPED_AT)


def united(events: list[dict[str, Any]]) -> Dashboard:
    return reduce(dashboards.unite, map(read, events), Dashboard())


ANALYZE = {"report": "analyze"}
STEPS = {"report": "steps", "parameters": {"team": ["t-1", "t-2"], "sequence_id": "s-1"}, "title": "Steps"}


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event(1, "Old", ANALYZE), event(2, "New")], "New"),
        ([event(1, "Old"), event(2, None)], None),
        ([event(1, None), event(2, "Saved again")], "Saved again"),
        ([event(1, "Old"), event(2, None), event(3, "Saved again"), event(3, "Saved again")], "Saved again"),
        ([event(1, None), event(1, "Saved at that very moment")], "Saved at that very moment"),
        ([event(1, "A"), event(1, "B")], "B"),
    ],
)
def test_the_latest_word_counts_in_any_order(events: list[dict[str, Any]], expected: str | None) -> None:
    for order in permutations(events):
        assert united(list(order)).name == expected


def test_a_card_keeps_its_values_and_its_parameters_are_in_order_of_their_names() -> None:
    found = united([event(1, "Sales", STEPS, {"report": "analyze", "parameters": {"team": None, "basis": []}})])
    steps, analyze = found.cards
    assert steps == Card("steps", {"sequence_id": ["s-1"], "team": ["t-1", "t-2"]}, "Steps")
    assert list(steps.parameters) == ["sequence_id", "team"]
    assert analyze == Card("analyze", {"basis": []}, None)
    assert dashboards.decode(dashboards.encode(found)) == found
    assert dashboards.decode(b"") == Dashboard()


events_of_one = st.lists(
    st.builds(
        lambda second, name, cards: event(second, name, *cards),
        st.integers(0, 3),
        st.none() | st.sampled_from(["A", "B"]),
        st.lists(st.sampled_from([ANALYZE, STEPS]), max_size=2),
    ),
    min_size=1,
    max_size=6,
)


@given(events_of_one, st.randoms(use_true_random=False))
def test_any_order_and_repetition_end_in_the_same_bytes(events: list[dict[str, Any]], random: Any) -> None:
    shuffled = [*events, random.choice(events)]
    random.shuffle(shuffled)
    assert dashboards.encode(united(shuffled)) == dashboards.encode(united(events))


def test_the_next_word_comes_after_the_latest_one_even_if_the_clock_does_not() -> None:
    assert Dashboard(5_000).next_time(6_000) == 6_000
    assert Dashboard(5_000).next_time(5_000) == Dashboard(5_000).next_time(4_000) == 5_001


def test_the_list_has_those_that_are_there_by_id_and_one_is_shown_with_its_cards() -> None:
    told = [event(1, "Two", dashboard_id="d-2"), event(1, "One", STEPS), event(1, "Gone", dashboard_id="d-3")]
    store = folded([*told, event(2, None, dashboard_id="d-3")])
    reader = Reader(store)
    listed = dashboard_list(reader, "default")
    assert [(one.dashboard_id, one.name, one.cards) for one in listed.dashboards] == [("d-1", "One", 1), ("d-2", "Two", 0)]
    assert listed.dashboards[0].saved_at == "2026-03-02T09:00:01Z"
    shown = saved_dashboard(reader, "default", "d-1")
    assert shown.cards == [DashboardCard(report="steps", parameters={"sequence_id": ["s-1"], "team": ["t-1", "t-2"]}, title="Steps")]
    assert dashboard_list(reader, "other") == DashboardList(account="other", dashboards=[])
    for missing in ("d-3", "d-4"):
        with pytest.raises(UnknownDashboard, match=missing):
            saved_dashboard(reader, "default", missing)


def test_shards_are_read_together() -> None:
    store = MemoryStore()
    for shard, known in enumerate((Dashboard(7, "Later"), Dashboard(5, "Earlier"))):
        store.hashes[f"{shard_prefix(1, shard)}dashboards:default"] = {b"d-1": dashboards.encode(known)}
    store.hashes[f"{shard_prefix(1, 1)}dashboards:default"][b"d-0"] = dashboards.encode(Dashboard(1, "Other"))
    listed = dashboard_list(Reader(store, shards=2), "default").dashboards
    assert [(one.dashboard_id, one.name) for one in listed] == [("d-0", "Other"), ("d-1", "Later")]
