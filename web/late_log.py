"""The log of a program that starts without it as well."""

import logging
from collections.abc import Callable
from threading import Event, Thread
from time import sleep
from typing import Final

from events.log.port import Log, LogUnavailable

logger = logging.getLogger("tally.web")

_PAUSE: Final = 1.0
_FAREWELL: Final = 3.0
_PATIENCE: Final = 2.0
"""Seconds for the log to be opened before the program goes on without it."""


class LateLog:
    """Opens the log, again and again until it answers. Safe to use from many threads.

    Raises what the first attempt raises, unless it is that the log does not answer.
    """

    def __init__(self, open_log: Callable[[], Log]) -> None:
        self._open_log = open_log
        self._log: Log | None = None
        self._closed = False
        self._wrong: Exception | None = None
        self._tried = Event()
        Thread(target=self._open, daemon=True, name="tally-log").start()
        self._tried.wait(_PATIENCE)
        if self._wrong is not None:
            raise self._wrong

    def get(self) -> Log:
        """The log. Raises `LogUnavailable` as long as it has not answered."""
        if self._log is None:
            raise LogUnavailable("the log does not answer")
        return self._log

    def close(self) -> None:
        """Close the log if it was opened, but not for ever: what hangs must not keep a stopped server from ending."""
        self._closed = True
        if self._log is not None:
            closing = Thread(target=self._log.close, daemon=True)
            closing.start()
            closing.join(_FAREWELL)

    def _open(self) -> None:
        while not self._closed:
            try:
                self._log = self._open_log()
            except LogUnavailable as error:
                logger.warning("waiting: %s", error)
            except Exception as error:  # noqa: BLE001  it is raised where the log was to be opened, or, later, told
                self._wrong = error
                logger.error("%s", error)
                break
            else:
                break
            self._tried.set()
            sleep(_PAUSE)
        self._tried.set()
        if self._closed and self._log is not None:
            self._log.close()
