"""When a part is started again: by a clock that does not run by itself."""

import signal

from cli.up.restarts import FIRST_PAUSE, LONGEST_PAUSE, MOST_FAILURES, SOON, Restarts

KILLED = -signal.SIGKILL


class Part:
    """One that lives for so many seconds and then ends, again and again."""

    def __init__(self) -> None:
        self.seconds = 100.0
        self.restarts = Restarts(lambda: self.seconds)

    def ends(self, code: int, lived: float = 0.1) -> float | None:
        self.restarts.started()
        self.seconds += lived
        pause = self.restarts.ended(code)
        self.seconds += pause or 0
        return pause


def test_pauses_grow_up_to_a_limit_and_who_is_killed_is_never_given_up() -> None:
    part = Part()
    pauses = [part.ends(KILLED) for _ in range(100)]
    assert pauses[:4] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE, 8 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE


def test_a_part_that_has_lived_for_a_while_is_started_again_soon() -> None:
    part = Part()
    for _ in range(5):
        part.ends(KILLED)
    assert part.ends(1, lived=SOON) == FIRST_PAUSE
    assert part.ends(KILLED) == 2 * FIRST_PAUSE


def test_failing_at_once_again_and_again_is_hopeless() -> None:
    part = Part()
    assert None not in [part.ends(1) for _ in range(MOST_FAILURES - 1)]
    assert part.ends(1) is None


def test_failures_count_in_a_row_only() -> None:
    for code, lived in ((KILLED, 0.1), (0, 0.1), (1, SOON)):
        part = Part()
        for _ in range(3):
            assert None not in [part.ends(1) for _ in range(MOST_FAILURES - 2)]
            assert part.ends(code, lived) is not None


def test_a_wrong_setting_is_hopeless_at_once() -> None:
    assert Part().ends(2) is None


def test_one_that_ends_well_is_started_again_too() -> None:
    part = Part()
    assert None not in [part.ends(0) for _ in range(50)]
