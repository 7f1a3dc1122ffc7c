"""When a lane counts as stuck."""

from streams.positions import Lane
from streams.watchdog import Watchdog

ONE, OTHER = Lane("email-events", 0), Lane("email-events", 1)


def test_a_lane_that_is_the_same_at_so_many_looks_is_stuck() -> None:
    watchdog = Watchdog(3)
    assert [watchdog.look({ONE: 5, OTHER: moved}) for moved in range(4)] == [[], [], [], [ONE]]


def test_whatever_changes_begins_anew() -> None:
    watchdog = Watchdog(2)
    assert [watchdog.look({ONE: token}) for token in (5, 5, 6, 6, 6)] == [[], [], [], [], [ONE]]


def test_a_lane_with_nothing_waiting_is_forgotten() -> None:
    watchdog = Watchdog(1)
    assert [watchdog.look(waiting) for waiting in ({ONE: 5}, {}, {ONE: 5}, {ONE: 5})] == [[], [], [], [ONE]]


def test_a_reason_to_stand_still_is_forgiven_for_one_or_for_all() -> None:
    watchdog = Watchdog(1)
    watchdog.look({ONE: 5, OTHER: 5})
    watchdog.forgive(ONE)
    assert watchdog.look({ONE: 5, OTHER: 5}) == [OTHER]
    watchdog.forgive()
    assert watchdog.look({ONE: 5, OTHER: 5}) == []
