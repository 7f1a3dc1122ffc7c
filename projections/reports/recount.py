"""The numbers of layout.COUNTERS counted anew from rows: over any scope, for one group or for many at once."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from projections import meaning
from projections.contribution import countable
from projections.meaning import FLAGS, MESSAGE_FACTS, OUTCOMES, STATUSES
from projections.reports.distinct import BITS, distinct
from projections.reports.groups import Groups, Numbers, total
from projections.reports.scope import Scope
from projections.reports.shared_messages import SharedMessages
from projections.rows import Column
from projections.tables.parts import Counts

_MASKS: Final = {**{name: 1 << bit for bit, name in enumerate(FLAGS)}, "engaged": meaning.ENGAGED, "engaged_any": meaning.ENGAGED_ANY}

_NO_RESPONSE: Final = 1 << len(FLAGS)
_LIVE: Final = _NO_RESPONSE << 1
assert _LIVE < 1 << BITS, "two bits are left beside the flags"
_BARS_NO_RESPONSE: Final = _LIVE | meaning.REPLIED | meaning.MET
_BITS_OF_OUTCOME: Final = np.array(
    [{"active": _LIVE, "paused": _LIVE, "no_response": _NO_RESPONSE}.get(outcome, 0) for outcome in OUTCOMES], dtype=np.uint16
)

_DENSE: Final = 4
"""Where one row of so many counts, looking at all of them takes no longer than picking those."""
_COUNTABLE: Final = np.array([countable(bits) for bits in range(1 << len(MESSAGE_FACTS))], dtype=np.int64)


class Recount:
    """Counts what it is asked for, once. Names are those of layout.COUNTERS, and `replies.SENTIMENT`; `messages.*` needs `shared`.

    `groups` has for each row of the scope's stretch a number below `size`; without it all is one group. An enrollment counts in its own
    group only: contacts and messages are distinct within each group.
    """

    def __init__(self, scope: Scope, groups: Column | None = None, size: int = 1, shared: SharedMessages | None = None) -> None:
        self._scope = scope
        self._rows = scope.rows
        self._groups = groups
        self._size = size
        self._shared = shared
        self._started: Column = scope.started
        self._groups_of_started: Column | None = None
        if groups is not None:
            self._started, self._groups_of_started = _by_group(scope.started, groups)
        self._sums = Groups(self._groups_of_started, size)
        self._numbers: dict[str, Numbers] = {}
        self._columns: dict[str, Column] = {}
        self._contacts: tuple[Groups, Column] | None = None
        self._shared_messages: tuple[tuple[Groups, Column], ...] = ()
        self._in_scope: Column | None = None

    def numbers(self, name: str) -> Numbers:
        """One number for each group. Raises KeyError for a name that is no counter."""
        numbers = self._numbers.get(name)
        if numbers is None:
            family, _, part = name.partition(".")
            numbers = self._numbers[name] = _FAMILIES[family](self, part)
        return numbers

    def group(self, number: int = 0) -> Counts:
        """The numbers of one group, counted as they are asked for."""
        return _Group(self, number)

    def _column(self, name: str) -> Column:
        """A column of the started enrollments in scope, group by group."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = self._rows.column(name).take(self._started)
        return column

    def _status(self, part: str) -> Numbers:
        code = STATUSES.index(part)
        if code >= meaning.FIRST_STARTED:
            return self._sums.add(self._column("status") == code)
        passing = self._scope.named & (self._rows.column("status") == code)
        if self._groups is None:
            return Groups(None, 1).add(passing)
        return np.bincount(self._groups[passing], minlength=self._size)

    def _outcome(self, part: str) -> Numbers:
        return self._sums.add(self._column("outcome") == OUTCOMES.index(part))

    def _enrollments(self, part: str) -> Numbers:
        return self._sums.add((self._column("flags") & _MASKS[part]) != 0)

    def _distinct_contacts(self, part: str) -> Numbers:
        if self._contacts is None:
            bits = self._column("flags") | _BITS_OF_OUTCOME.take(self._column("outcome"))
            groups, united = distinct(self._groups_of_started, self._column("contact"), self._rows.table.contacts, bits)
            self._contacts = Groups(groups, self._size), united
        sums, united = self._contacts
        if part == "all":
            return sums.add(np.ones(len(united), dtype=np.bool_))
        if part == "no_response":
            return sums.add((united & (_NO_RESPONSE | _BARS_NO_RESPONSE)) == _NO_RESPONSE)
        return sums.add((united & _MASKS[part]) != 0)

    def _total(self, part: str) -> Numbers:
        return self._added(part)

    def _replies(self, part: str) -> Numbers:
        return self._added(f"replies_{part}")

    def _messages(self, part: str) -> Numbers:
        if self._shared is None:
            raise KeyError(f"messages.{part} needs the shared messages")
        fact = 1 << MESSAGE_FACTS.index(part)
        added = self._added(part if part in ("sent", "delivered") else f"messages_{part}")
        if not self._shared_messages:
            self._shared_messages = self._shared_in_scope(self._shared)
        each, once = (sums.add((facts & fact) != 0) for sums, facts in self._shared_messages)
        # The rows have counted every entry of a shared message, and it is to be counted once.
        return added + once - each

    def _shared_in_scope(self, shared: SharedMessages) -> tuple[tuple[Groups, Column], ...]:
        """What is to be counted of (each entry in scope, each message)."""
        in_scope = np.zeros(len(self._rows), dtype=np.bool_)
        in_scope[self._started] = True
        kept, sorted_groups = np.flatnonzero(in_scope.take(shared.rows)), None
        if self._groups is not None:
            kept, sorted_groups = _by_group(kept, self._groups.take(shared.rows))
        bits = shared.bits.take(kept)
        groups, united = distinct(sorted_groups, shared.messages.take(kept), shared.size, bits)
        each, once = Groups(sorted_groups, self._size), Groups(groups, self._size)
        return (each, _COUNTABLE.take(bits)), (once, _COUNTABLE.take(united))

    def _added(self, name: str) -> Numbers:
        """A column of the started enrollments in scope, added up."""
        if self._groups is not None or len(self._started) * _DENSE < len(self._rows):
            return self._sums.add(self._column(name))
        if self._in_scope is None:
            self._in_scope = np.zeros(len(self._rows), dtype=np.uint16)
            self._in_scope[self._started] = 1
        return np.array([total(self._rows.column(name) * self._in_scope)], dtype=np.int64)


class _Group:
    __slots__ = ("_number", "_recount")

    def __init__(self, recount: Recount, number: int) -> None:
        self._recount = recount
        self._number = number

    def __getitem__(self, name: str) -> int:
        return int(self._recount.numbers(name)[self._number])


_FAMILIES: Final[Mapping[str, Callable[[Recount, str], Numbers]]] = {
    "status": Recount._status,
    "outcome": Recount._outcome,
    "enrollments": Recount._enrollments,
    "contacts": Recount._distinct_contacts,
    "total": Recount._total,
    "replies": Recount._replies,
    "messages": Recount._messages,
}


def _by_group(positions: Column, groups: Column) -> tuple[Column, Column]:
    """(the positions ordered by group, their groups)."""
    of_positions = groups.take(positions)
    if np.all(of_positions[1:] >= of_positions[:-1]):  # rows of one sequence lie side by side
        return positions, of_positions
    order = np.argsort(of_positions, kind="stable")
    return positions.take(order), of_positions.take(order)
