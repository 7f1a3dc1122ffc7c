from itertools import count

from cli.demo.live import Flow


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_items_come_at_their_rate_and_none_is_lost() -> None:
    clock = Clock()
    flow = Flow(count(), 10, clock)
    taken = list(flow.due())
    for _ in range(20):
        clock.seconds += 0.25
        taken += flow.due()
    assert taken == list(range(50))
    assert flow.taken == 50


def test_a_long_break_is_not_made_up_for() -> None:
    clock = Clock()
    flow = Flow(count(), 10, clock)
    clock.seconds += 3_600
    assert len(list(flow.due())) == 10
    clock.seconds += 1
    assert len(list(flow.due())) == 10


def test_a_slow_flow_flows() -> None:
    clock = Clock()
    flow = Flow(count(), 0.5, clock)
    taken: list[int] = []
    for _ in range(100):
        clock.seconds += 0.1
        taken += flow.due()
    assert len(taken) in (4, 5)
