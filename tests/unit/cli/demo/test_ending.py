"""Ctrl-C and other signals: at once, or as soon as nothing is left behind by it; and only the first one."""

import signal

import pytest

from cli.demo.ending import Ending

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def test_who_started_it_by_nohup_is_obeyed() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Ending().heeded():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_and_the_handlers_are_those_of_before(number: signal.Signals) -> None:
    before = [signal.getsignal(one) for one in SIGNALS]
    ending = Ending()
    with pytest.raises(KeyboardInterrupt), ending.heeded():
        signal.raise_signal(number)
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_what_must_not_be_interrupted_is_finished_first() -> None:
    ending, done = Ending(), []

    def work() -> None:
        with ending.put_off():
            signal.raise_signal(signal.SIGTERM)
            done.append("finished")
        done.append("not reached")

    with pytest.raises(KeyboardInterrupt), ending.heeded():
        work()
    assert done == ["finished"]


def test_it_can_be_asked_whether_to_end_between_two_steps() -> None:
    ending, done = Ending(), []

    def work() -> None:
        for step in range(5):
            done.append(step)
            if step == 2:
                signal.raise_signal(signal.SIGINT)
            ending.check()

    with pytest.raises(KeyboardInterrupt), ending.heeded(), ending.put_off():
        work()
    assert done == [0, 1, 2]


def test_the_cleaning_up_is_not_disturbed() -> None:
    ending, done = Ending(), []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            done.append("cleaned up")

    with pytest.raises(KeyboardInterrupt), ending.heeded():
        work()
    with ending.heeded():
        with ending.then_deaf():
            pass
        signal.raise_signal(signal.SIGINT)
        done.append("cleaned up")
    assert done == ["cleaned up"] * 2
