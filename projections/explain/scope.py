"""The enrollments in the scope of a rate, taken from the rows, and who of them counts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from projections import meaning
from projections.meaning import FLAGS, OUTCOMES
from projections.reports.parameters import Basis
from projections.rows import Column, Rows

_LIVE: Final = (meaning.ACTIVE, meaning.PAUSED)
NO_RESPONSE: Final = OUTCOMES.index("no_response")


@dataclass(frozen=True, slots=True)
class CountedScope:
    """The enrollments in scope, by position in the rows, and who counts."""

    rows: Rows
    started: Column
    contacts: Column
    """Of each of them, numbered account-wide."""
    true: Column
    """Of each of them whether it makes something count."""
    barred: Column
    """Of each of them whether it keeps its contact from counting."""


def counted_scope(rows: Rows, started: Column, name: str, basis: Basis) -> CountedScope:
    """The enrollments at the positions `started`, for a flag, an outcome, or what is true of a message."""

    def column(of: str) -> Column:
        return rows.column(of).take(started)

    flags, barred = column("flags"), np.zeros(len(started), dtype=np.bool_)
    if basis == "messages":
        true = column(f"messages_{name}") > 0 if name else barred
    elif name == "no_response":
        true = column("outcome") == NO_RESPONSE
        if basis == "contacts":
            barred = np.isin(column("status"), _LIVE) | (flags & (meaning.REPLIED | meaning.MET) != 0)
    else:
        true = flags & mask(name) != 0
    return CountedScope(rows, started, column("contact"), true, barred)


def mask(name: str) -> int:
    """The bits of a flag."""
    return {"engaged": meaning.ENGAGED, "engaged_any": meaning.ENGAGED_ANY}.get(name) or 1 << FLAGS.index(name)


def counting(scope: CountedScope) -> Column:
    """The contacts that count, ascending."""
    return np.setdiff1d(scope.contacts[scope.true], scope.contacts[scope.barred])


def counted(scope: CountedScope, basis: Basis) -> tuple[int, int]:
    """(numerator, denominator) of a rate of contacts or enrollments."""
    if basis == "contacts":
        return len(counting(scope)), len(np.unique(scope.contacts))
    return int(np.count_nonzero(scope.true)), len(scope.started)


def first(scope: CountedScope, limit: int) -> Column:
    """The contacts that are shown: those that count first, then the newest start."""
    counts = np.isin(scope.contacts, counting(scope))
    order = np.lexsort((scope.contacts, -scope.rows.column("started_at").take(scope.started), ~counts))
    contacts, first = np.unique(scope.contacts[order], return_index=True)
    return contacts[np.argsort(first, kind="stable")][:limit]
