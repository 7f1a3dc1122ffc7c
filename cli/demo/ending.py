"""How a demo is ended: by Ctrl-C or a signal, at any moment but those at which it would leave something behind."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Lets SIGTERM and SIGHUP end the demo as Ctrl-C does, once."""

    def __init__(self) -> None:
        self._asked = False
        self._put_off = False

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Within this block a signal raises `KeyboardInterrupt`, and the next ones do not disturb the cleaning up that follows."""
        # Whoever started us by nohup wants SIGHUP to stay ignored.
        handlers = {number: signal.getsignal(number) for number in _ENDING}
        before = {number: handler for number, handler in handlers.items() if number != signal.SIGHUP or handler != signal.SIG_IGN}
        for number in before:
            signal.signal(number, self._end)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """A signal in this block raises at its end, or at a `check`: a lock interrupted stays locked, a start interrupted is forgotten."""
        self._put_off = True
        try:
            yield
        finally:
            self._put_off = False
        self.check()

    def check(self) -> None:
        """Raises `KeyboardInterrupt` if a signal has come."""
        if self._asked:
            raise KeyboardInterrupt

    @contextmanager
    def then_deaf(self) -> Iterator[None]:
        """After this block comes the cleaning up, whatever ended it."""
        try:
            yield
        finally:
            _ignore_signals()

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        self._asked = True
        if not self._put_off:
            raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
