"""Named moments of the work at which a crash could matter: between any two writes, and wherever something is held that is written nowhere.

Nothing happens at them. Who wants to know that one has come, or to die there, watches: the fault tests kill the process.
"""

from collections.abc import Callable
from enum import StrEnum


class Moment(StrEnum):
    """Where the work is."""

    FETCHED = "fetched"
    """A batch has come from the log."""
    LOADED = "loaded"
    """The states of its contacts are in memory."""
    FOLDED = "folded"
    """What it changes is known, and written nowhere."""
    SETTING_ASIDE = "setting-aside"
    """Its dead letters are about to be written."""
    SET_ASIDE = "set-aside"
    """They are in the quarantine, and the batch is not committed."""
    COMMITTING = "committing"
    """The script is about to run."""
    COMMITTED = "committed"
    """The script has run, and nobody has been told."""
    ASSIGNED = "assigned"
    """Partitions were given or taken, and the positions are not read yet."""
    READING_AGAIN = "reading-again"
    """A commit was refused, or failed, and the partition is about to be read again."""
    REBUILD_BEGINS = "rebuild-begins"
    """A new generation has partitions, and stands in no list."""
    REBUILD_BEGUN = "rebuild-begun"
    """It stands in the list, and is empty."""
    REBUILD_ENDS = "rebuild-ends"
    """All of the log is in it, and it is not marked as complete."""
    CUTTING_OVER = "cutting-over"
    """The pointer is about to move."""
    CUT_OVER = "cut-over"
    """The pointer has moved, and workers do not know."""
    TELLING = "telling"
    """Some partitions of the old generation refuse commits, and others do not yet."""
    DROPPING = "dropping"
    """The generation stands in no list any more, and its keys are there."""
    DROPPED_SOME = "dropped-some"
    """Some of its keys are gone."""


def _unwatched(_moment: Moment) -> None:
    """Nobody watches."""


_watcher: Callable[[Moment], None] = _unwatched


def watch(watcher: Callable[[Moment], None] | None) -> None:
    """Have every moment told, by whoever comes to it; None ends it."""
    global _watcher  # noqa: PLW0603  one process, one watcher
    _watcher = watcher or _unwatched


def reach(moment: Moment) -> None:
    """Say that the work is there."""
    _watcher(moment)
