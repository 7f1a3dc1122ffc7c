"""A process that ends with whoever started it."""

import os
import signal
from threading import Thread


def stop_with_standard_input(how: signal.Signals = signal.SIGTERM) -> None:
    """Have this process get a signal when standard input closes: whoever started it holds the other end, and its death, however it
    comes, closes it."""
    Thread(target=_wait, args=(how,), daemon=True).start()


def _wait(how: signal.Signals) -> None:
    # Not by sys.stdin, whose lock a thread that still reads would hold at the end of the program.
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), how)
